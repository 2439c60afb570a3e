/**
 * How long the page's questions take with a year of a team's use: each asked of a running bridge
 * over HTTP, the first time by itself, then the median and the slowest of the times after; beside
 * each, the longest that the bridge's own thread was held. `npm run bench:queries`, and with
 * `-- --store postgres` the same year moved into a PostgreSQL of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { createApp } from '../../../src/app/app.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { openMoveSource, openMoveTarget } from '../../../src/storage/beside.ts'
import { moveStore } from '../../../src/storage/move.ts'
import {
  askPostgres,
  type PostgresServer,
  startPostgresServer,
} from '../../../test/postgres/postgres-server.ts'
import { SESSION_SORTS } from '../../../src/api/contract/session-list.ts'
import { USAGE_GROUPS } from '../../../src/domain/usage-group.ts'
import { createBodies } from '../bodies.ts'
import { createYearStore } from './year-store.ts'

const DAY_MS = 86_400_000
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    store: { type: 'string', default: 'sqlite' },
  },
})
/** Two groups at once. */
const PAIRS = [
  'project,model',
  'user,skill',
  'branch,user',
  'ticket,user',
  'repository,pull-request',
  'pull-request,commit',
]
/** Before the name of a group, or of two. */
const GROUPED = 'usage, a year, by '
/** What each may take at the median. */
const GROUP_BOUND_MS = 150
/** Before the name of a list of sessions. */
const LISTED = 'sessions, '
const LIST_BOUND_MS = 100
const ROUNDS = Number(options.rounds)
const REAL_REQUESTS = 400

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-year-'))
const log = createLogger('error')

/** Into an empty database of the server, with the statistics that the planner goes by. */
async function moveYear(server: PostgresServer): Promise<string> {
  const { url } = await server.newDatabase()
  const source = await openMoveSource(folder)
  if (!source.ok) throw new Error(source.error.message)
  const target = await openMoveTarget(url, source.value)
  if (!target.ok) throw new Error(target.error)
  const moved = await moveStore(source.value, target.value)
  source.value.close()
  await target.value.close()
  if (!moved.ok) throw new Error('the year was not moved as it is')
  // The year's prompts have no records to be indexed from; their words are plain.
  await askPostgres(
    url,
    `insert into search_texts select session_ref, to_tsvector('simple', text) from prompts`,
  )
  await askPostgres(url, 'vacuum analyze')
  say(await askPostgres(url, SIZES))
  return url
}

const SIZES = `select relname || ' ' || pg_size_pretty(pg_relation_size(oid)) || ', indexes ' ||
    pg_size_pretty(pg_indexes_size(oid))
  from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
  order by pg_total_relation_size(oid) desc limit 8`

async function startBridge(databaseUrl: string | undefined) {
  const variables = {
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    DATA_DIR: folder,
    OTLP_RECEIVER_PORT: '0',
    OTLP_GRPC_PORT: 'off',
    PAGE_ACCESS: 'open',
    LOG_LEVEL: 'error',
    RETENTION_DAYS: '0',
  }
  const platform = { os: process.platform, homeDir: tmpdir(), workingDir: tmpdir() }
  const config = loadConfig(variables, platform)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const app = await createApp(config.value, log)
  if (!app.ok) throw new Error(app.error)
  const listening = await app.value.start()
  if (!listening.ok) throw new Error(listening.error)
  return { url: listening.value.url, stop: () => app.value.stop() }
}

/** Real sessions of 300 records each, for the questions about one session. */
async function sendSessions(url: string): Promise<void> {
  const makeBody = createBodies(1)
  for (let n = 0; n < REAL_REQUESTS; n += 1) {
    const body = makeBody(n)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/v1/logs`, { method: 'POST', headers, body })
    if (answer.status !== 200) throw new Error(`a request was answered ${answer.status}`)
  }
}

async function ask<T>(url: string): Promise<T> {
  const answer = await fetch(url)
  if (answer.status !== 200) throw new Error(`${url} was answered ${answer.status}`)
  return (await answer.json()) as T
}

interface Measured {
  readonly firstMs: number
  readonly medianMs: number
  readonly slowestMs: number
  readonly heldMs: number
}

async function measure(url: string): Promise<Measured> {
  const held = monitorEventLoopDelay({ resolution: 1 })
  held.enable()
  const times: number[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const startedMs = performance.now()
    await ask(url)
    times.push(performance.now() - startedMs)
  }
  held.disable()
  const [firstMs = 0, ...later] = times
  const sorted = later.toSorted((a, b) => a - b)
  const medianMs = sorted[Math.floor(sorted.length / 2)] ?? 0
  return { firstMs, medianMs, slowestMs: sorted.at(-1) ?? 0, heldMs: held.max / 1e6 }
}

function boundOf(name: string): number {
  if (name.startsWith(GROUPED)) return GROUP_BOUND_MS
  return name.startsWith(LISTED) ? LIST_BOUND_MS : Number.POSITIVE_INFINITY
}

/** What the page asks, and what is hardest of it. */
async function questions(base: string): Promise<Readonly<Record<string, string>>> {
  const now = Date.now()
  const from = (days: number): string => `from=${now - days * DAY_MS}&to=${now}&tz=Europe/Vienna`
  // One of those that were sent: the year's have no records.
  const { sessions } = await ask<{ sessions: { key: string }[] }>(
    `${base}/api/sessions?limit=1&search=Make%20a%20file%20and%20edit`,
  )
  const session = `/api/sessions/${encodeURIComponent(sessions[0]?.key ?? '')}`
  const { turns } = await ask<{ turns: { key: string }[] }>(`${base}${session}`)
  const turn = encodeURIComponent(turns[0]?.key ?? '')
  const byTitle = await ask<{ nextCursor: string }>(`${base}/api/sessions?sort=title`)
  const next = await ask<{ nextCursor: string }>(`${base}/api/sessions?limit=200&sort=cost`)
  return {
    'overview, 1 day by hour': `/api/overview?${from(1)}&bucket=hour`,
    'overview, 7 days': `/api/overview?${from(7)}`,
    'overview, 30 days': `/api/overview?${from(30)}`,
    'overview, a year by week': `/api/overview?${from(365)}&bucket=week`,
    'overview, a year, one team': `/api/overview?${from(365)}&team=team-1&bucket=month`,
    'overview, everything': '/api/overview?tz=Europe/Vienna',
    ...Object.fromEntries(
      [...USAGE_GROUPS.map(({ name }) => name), 'resource:service.version', ...PAIRS].map(
        (group) => [
          `${GROUPED}${group}`,
          `/api/usage?${from(365)}&group=${encodeURIComponent(group)}`,
        ],
      ),
    ),
    'usage, a year, of a skill by model': `/api/usage?${from(365)}&group=model&where=skill=review`,
    'overview, a year, of a ticket': `/api/overview?${from(365)}&bucket=month&where=ticket=SHOP-7`,
    facets: '/api/facets',
    'sessions, newest': '/api/sessions',
    'sessions, most expensive': '/api/sessions?sort=cost',
    'sessions, most expensive, next page': `/api/sessions?limit=200&sort=cost&cursor=${next.nextCursor}`,
    'sessions of a project, longest': '/api/sessions?sort=duration&project=project-3',
    'sessions of a model': '/api/sessions?model=claude-haiku-5-1&sort=errors',
    'sessions, by attribute': '/api/sessions?attribute=branch=feature/SHOP-7',
    ...Object.fromEntries(
      SESSION_SORTS.map((sort) => [`${LISTED}by ${sort}`, `/api/sessions?sort=${sort}`]),
    ),
    [`${LISTED}by title, next page`]: `/api/sessions?sort=title&cursor=${byTitle.nextCursor}`,
    ...Object.fromEntries(
      [
        ...['flaky', 'flaky migration', '"the flaky test"', 'part-7/file-12.ts', 'opus Edit'],
        ...['person-3@example.com', '00000000-0000-4000-8000-000000000abc', 'f', '5', 'nowhere'],
      ].map((text) => [
        `${LISTED}search, ${text}`,
        `/api/sessions?search=${encodeURIComponent(text)}`,
      ]),
    ),
    [`${LISTED}search, a month by cost`]: `/api/sessions?search=flaky&sort=cost&${from(30)}`,
    'one session': session,
    'one turn': `${session}/turns/${turn}`,
    'raw events': `${session}/events`,
    'live, newest': '/api/live/recent',
    delivery: '/api/delivery',
    budgets: '/api/budgets',
    setup: '/api/setup',
  }
}

let server: PostgresServer | undefined
try {
  say(await createYearStore(folder))
  if (options.store === 'postgres') server = await startPostgresServer({ isDurable: true })
  const bridge = await startBridge(server && (await moveYear(server)))
  await sendSessions(bridge.url)
  say('question | first ms | median ms | slowest ms | thread held ms')
  const slow: string[] = []
  for (const [name, path] of Object.entries(await questions(bridge.url))) {
    const { firstMs, medianMs, slowestMs, heldMs } = await measure(`${bridge.url}${path}`)
    const figures = [firstMs, medianMs, slowestMs, heldMs].map((ms) => ms.toFixed(1))
    const boundMs = boundOf(name)
    const isSlow = medianMs > boundMs
    if (isSlow) slow.push(name)
    say(`${name} | ${figures.join(' | ')}${isSlow ? ` | over ${boundMs} ms` : ''}`)
  }
  const verdict = slow.length === 0 ? 'all of them' : `all but ${slow.length}: ${slow.join('; ')}`
  say(
    `groups within ${GROUP_BOUND_MS} ms, lists of sessions within ${LIST_BOUND_MS} ms: ${verdict}`,
  )
  await bridge.stop()
} finally {
  await server?.remove()
  rmSync(folder, { recursive: true, force: true })
}
