/**
 * How long the page takes to react, in Chromium, with a year of a team's use: for each interaction the
 * median and the worst from the event to the next frame, and until the answer stands there.
 *
 *     npm run bench:interactions -- [--rounds 5] [--only search] [--store FOLDER] [--requests]
 *
 * `--store` keeps the year in a folder for the next run. Every round begins with a page that was opened
 * anew; one more before them is not counted: what the bridge reads once, it remembers. Processor times hardly
 * depend on what else the machine does, the other times do.
 */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../../../test/page/browser.ts'
import { expectBuilt } from '../../../test/page/built-page.ts'
import { bigSessionBodies } from '../big-session.ts'
import { createBodies } from '../bodies.ts'
import { median } from '../lines.ts'
import { createYearStore } from '../queries/year-store.ts'
import { type BridgeProcess, startBridge } from '../server-process.ts'
import { type Interaction, interactionsOf, type Places } from './list.ts'
import { type Beside, comeToRest, installClock, type Timing, timed } from './page-clock.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    store: { type: 'string' },
    /** Lists the requests of the slowest round of each. */
    requests: { type: 'boolean', default: false },
  },
})
const ROUNDS = Number(values.rounds)
/** What an interaction may take at the median. */
const BOUND_MS = 100
/** The whole run, whatever hangs. */
const MAX_RUN_MS = 25 * 60_000
const BODIES = 400
const DEAD_ITEMS = 120
const DATABASE = 'claude-telemetry.db'
/** What the page asks and shows by itself, whatever somebody does: waste is worked out behind the overview. */
const BESIDE: Beside = {
  selector: '.panel.waste, .connection',
  paths: ['/api/waste', '/api/me', '/api/setup', '/api/delivery', '/api/budgets', '/api/live'],
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

async function year(dataDir: string): Promise<void> {
  const kept = values.store
  if (kept === undefined) {
    say(await createYearStore(dataDir))
    return
  }
  const file = join(kept, DATABASE)
  if (!existsSync(file)) {
    mkdirSync(kept, { recursive: true })
    say(await createYearStore(kept))
  }
  copyFileSync(file, join(dataDir, DATABASE))
}

async function send(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/logs`, { method: 'POST', headers, body })
  if (answer.status !== 200) throw new Error(`a request was answered ${answer.status}`)
}

/** Sessions with records, beside those of the year, and what Langfuse is said to have refused of them. */
async function addRecords(url: string, { dataDir }: BridgeProcess): Promise<Places> {
  const big = { sessionId: 'large', results: 5000, resultsPerPrompt: 5000 }
  for (const body of bigSessionBodies(big)) await send(url, body)
  // The last ones are what the live view has: records of several kinds.
  const makeBody = createBodies(1)
  for (let n = 0; n < BODIES; n += 1) await send(url, makeBody(n))
  const database = new Database(join(dataDir, DATABASE))
  database
    .prepare(
      `insert into outbox_exceptions (exporter, outbox_id, kind, state, attempts, not_before_ms, reason)
       select 'langfuse', id, kind, 'dead', 3, 0, case id % 2 when 0 then 'refused' else 'too large' end
       from outbox order by id limit ?`,
    )
    .run(DEAD_ITEMS)
  database.close()
  const listed = await fetch(`${url}/api/sessions?limit=1&search=Make%20a%20file%20and%20edit`)
  const { sessions } = (await listed.json()) as { sessions: { key: string }[] }
  return {
    middle: `claude-code/00000000-0000-4000-8000-${(25_000).toString(16).padStart(12, '0')}`,
    usual: sessions[0]?.key ?? '',
    large: 'claude-code/large',
  }
}

/** With the processor time that all of the bridge's threads took for it. */
type Measured = Timing & { readonly bridgeCpuMs: number }

async function onceOn(page: Page, url: string, interaction: Interaction): Promise<Timing> {
  const { path, prepare, act } = interaction
  await page.goto(`${url}${path}`)
  await page.locator('main h1').first().waitFor({ state: 'attached' })
  await comeToRest(page)
  await prepare?.(page)
  await comeToRest(page)
  return timed(page, () => act(page))
}

async function measure(
  browser: Browser,
  of: BridgeProcess,
  interaction: Interaction,
): Promise<readonly Measured[]> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  await installClock(page, BESIDE)
  const url = `http://127.0.0.1:${of.port}`
  const timings: Measured[] = []
  await onceOn(page, url, interaction)
  for (let round = 0; round < ROUNDS; round += 1) {
    let before = 0
    const act = (on: Page): Promise<unknown> => {
      before = of.cpuMs()
      return interaction.act(on)
    }
    const timing = await onceOn(page, url, { ...interaction, act })
    timings.push({ ...timing, bridgeCpuMs: of.cpuMs() - before })
  }
  await context.close()
  return timings
}

const HEAD = [
  ...['interaction', 'to paint, median ms', 'worst', 'to the answer, median ms', 'worst'],
  ...['requests', 'processor ms of the page', 'of the bridge'],
]

function rowOf(name: string, timings: readonly Measured[]): { text: string; isSlow: boolean } {
  const of = (figure: (timing: Measured) => number) => timings.map(figure)
  const paints = of(({ paintMs }) => paintMs)
  const answers = of(({ answerMs }) => answerMs)
  const isSlow = median(answers) > BOUND_MS
  const figures = [
    ...[median(paints), Math.max(...paints), median(answers), Math.max(...answers)],
    median(of(({ requests }) => requests.length)),
    median(of(({ pageCpuMs }) => pageCpuMs)),
    median(of(({ bridgeCpuMs }) => bridgeCpuMs)),
  ]
  const cells = [name, ...figures.map((figure) => figure.toFixed(0))]
  return { text: `${cells.join(' | ')}${isSlow ? ` | over ${BOUND_MS} ms` : ''}`, isSlow }
}

function sayRequests(timings: readonly Timing[]): void {
  const [slowest] = timings.toSorted((a, b) => b.answerMs - a.answerMs)
  for (const { path, atMs, tookMs } of slowest?.requests ?? []) {
    say(`    ${atMs.toFixed(0)} + ${tookMs.toFixed(0)}: ${decodeURIComponent(path)}`)
  }
}

let browser: Browser | undefined
let bridge: BridgeProcess | undefined

async function run(): Promise<void> {
  expectBuilt()
  bridge = await startBridge({ RETENTION_DAYS: '0' }, year)
  const url = `http://127.0.0.1:${bridge.port}`
  const places = await addRecords(url, bridge)
  browser = await launchBrowser()
  say(`load ${loadavg()[0]?.toFixed(1)}`)
  say(HEAD.join(' | '))
  const slow: string[] = []
  const failed: string[] = []
  for (const interaction of interactionsOf(places)) {
    const { name } = interaction
    if (!name.includes(values.only)) continue
    try {
      const timings = await measure(browser, bridge, interaction)
      const { text, isSlow } = rowOf(name, timings)
      say(text)
      if (values.requests) sayRequests(timings)
      if (isSlow) slow.push(name)
    } catch (error) {
      if (!browser.isConnected()) throw error
      say(`${name} | failed: ${String(error).split('\n', 1)[0]}`)
      failed.push(name)
    }
  }
  say(`load ${loadavg()[0]?.toFixed(1)}`)
  const verdict = slow.length === 0 ? 'all of them' : `all but ${slow.length}: ${slow.join('; ')}`
  say(`within ${BOUND_MS} ms: ${verdict}`)
  if (failed.length > 0) throw new Error(`not measured: ${failed.join('; ')}`)
}

const limit = setTimeout(() => {
  say('took too long')
  process.exitCode = 1
  void end()
}, MAX_RUN_MS)
limit.unref()

async function end(): Promise<void> {
  await browser?.close().catch(() => {})
  await bridge?.stop()
}

// Servers end with the process, if it ends by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  await run()
} finally {
  clearTimeout(limit)
  await end()
}
