/**
 * One, two and three bridges on one PostgreSQL, beside one bridge on SQLite: how much they take, what
 * that costs, and what is short. `docs/performance.md` says what each column is. Needs Linux and
 * PostgreSQL's programs, as the tests do.
 *
 *     npm run bench:replicas -- [--rounds 3] [--json .run/bench-replicas.json]
 *
 * The server is one of its own, with its defaults: a commit is on the disk when it is answered. All
 * bridges run all the time, and the set-ups take turns of some seconds: what else the machine does
 * meanwhile hits all of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgresServer } from '../../test/postgres/postgres-server.ts'
import { createBodies, interleaved, recordsPerBody } from './bodies.ts'
import { median } from './lines.ts'
import { type LoadResult, percentile, runLoad } from './load.ts'
import { type PostgresProbe, type PostgresWaits, probePostgres } from './postgres-figures.ts'
import { type ServerProcess, startBridge } from './server-process.ts'

/** Requests under way at each bridge. */
const CONNECTIONS = 24
/** Sessions at a time: far more than requests under way, so that two of one session seldom meet. */
const SESSIONS = 1000
const WARM_UP_REQUESTS = 1500
/** More than a turn takes; it ends by its time. */
const MAX_REQUESTS_PER_TURN = 4000
const STEADY_RECORDS_PER_SECOND = 1000
const STEADY_REQUESTS = 300

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    json: { type: 'string', default: '.run/bench-replicas.json' },
  },
})

/** Bridges that share a store. */
interface Setup {
  readonly name: string
  /** Of PostgreSQL; absent for SQLite. */
  readonly database?: string
  readonly bridges: readonly ServerProcess[]
  readonly turns: Turn[]
}

/** What one turn came to; a second of processor time in a second is 1. */
interface Turn extends PostgresWaits {
  readonly recordsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly steadyP50Ms: number
  readonly steadyP99Ms: number
  readonly connections: number
  readonly bridgeCores: number
  readonly postgresCores: number
  /** Of the machine over the last minute: what else it did. */
  readonly machineLoad: number
  readonly bridgeCpuMicrosPerRecord: number
  readonly postgresCpuMicrosPerRecord: number
  readonly commitsPerRequest: number
  readonly walBytesPerRecord: number
}

const NO_WAITS: PostgresWaits = { running: 0, forBridge: 0, forLock: 0, forDisk: 0 }

let runs = 0

async function load(
  setup: Setup,
  requests: number,
  limits: { readonly rate?: number; readonly seconds?: number } = {},
): Promise<LoadResult> {
  runs += 1
  const result = await runLoad({
    ports: setup.bridges.map(({ port }) => port),
    connections: CONNECTIONS * setup.bridges.length,
    requests,
    makeBody: interleaved(createBodies(runs), SESSIONS),
    ...limits,
  })
  if (result.failures > 0) throw new Error(`${setup.name}: ${result.failures} requests failed`)
  return result
}

async function turn(setup: Setup, probe: PostgresProbe): Promise<Turn> {
  const steady = await load(setup, STEADY_REQUESTS, {
    rate: STEADY_RECORDS_PER_SECOND / recordsPerBody,
  })
  const bridgeCpuMs = () => setup.bridges.reduce((sum, bridge) => sum + bridge.cpuMs(), 0)
  const before = { bridges: bridgeCpuMs(), postgres: await probe.figures() }
  const isOver = new AbortController()
  const { database } = setup
  const looking = database === undefined ? NO_WAITS : probe.waitsIn(database, isOver.signal)
  const full = await load(setup, MAX_REQUESTS_PER_TURN, { seconds: Number(options.seconds) })
  isOver.abort()
  const waits = await looking
  const after = { bridges: bridgeCpuMs(), postgres: await probe.figures() }
  const records = full.requests * recordsPerBody
  const bridgeMs = after.bridges - before.bridges
  const postgresMs = after.postgres.cpuMs - before.postgres.cpuMs
  return {
    ...waits,
    recordsPerSecond: records / full.seconds,
    p50Ms: percentile(full.latenciesMs, 0.5),
    p99Ms: percentile(full.latenciesMs, 0.99),
    steadyP50Ms: percentile(steady.latenciesMs, 0.5),
    steadyP99Ms: percentile(steady.latenciesMs, 0.99),
    connections: database === undefined ? 0 : await probe.connectionsTo(database),
    bridgeCores: bridgeMs / 1000 / full.seconds,
    postgresCores: postgresMs / 1000 / full.seconds,
    machineLoad: loadavg()[0] ?? Number.NaN,
    bridgeCpuMicrosPerRecord: (1000 * bridgeMs) / records,
    postgresCpuMicrosPerRecord: (1000 * postgresMs) / records,
    commitsPerRequest: (after.postgres.commits - before.postgres.commits) / full.requests,
    walBytesPerRecord: (after.postgres.walBytes - before.postgres.walBytes) / records,
  }
}

/** Column by column the median of all turns. */
function middle({ turns }: Setup): Turn {
  const columns = Object.keys(turns[0] ?? {}) as (keyof Turn)[]
  const medians = columns.map((column) => [column, median(turns.map((of) => of[column]))])
  return Object.fromEntries(medians) as Turn
}

const rounded = (value: number): string =>
  value >= 100 || value === 0 ? value.toFixed(0) : value.toPrecision(2)

function table(setups: readonly Setup[]): string {
  const columns: readonly (readonly [string, keyof Turn])[] = [
    ['records/s', 'recordsPerSecond'],
    ['p50 ms', 'p50Ms'],
    ['p99 ms', 'p99Ms'],
    [`p50 at ${STEADY_RECORDS_PER_SECOND}/s`, 'steadyP50Ms'],
    [`p99 at ${STEADY_RECORDS_PER_SECOND}/s`, 'steadyP99Ms'],
    ['connections', 'connections'],
    ['cores bridges', 'bridgeCores'],
    ['cores PostgreSQL', 'postgresCores'],
    ['load of the machine', 'machineLoad'],
    ['µs/record bridge', 'bridgeCpuMicrosPerRecord'],
    ['µs/record PostgreSQL', 'postgresCpuMicrosPerRecord'],
    ['commits/request', 'commitsPerRequest'],
    ['log bytes/record', 'walBytesPerRecord'],
    ['transactions: running', 'running'],
    ['  wait for the bridge', 'forBridge'],
    ['  wait for a lock', 'forLock'],
    ['  wait for the disk', 'forDisk'],
  ]
  const rows = columns.map(([name, column]) => [
    name,
    ...setups.map((setup) => rounded(middle(setup)[column])),
  ])
  const all = [['', ...setups.map(({ name }) => name)], ...rows]
  const widths = (all[0] ?? []).map((_, n) => Math.max(...all.map((row) => row[n]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0)))
        .join('  '),
    )
    .join('\n')
}

const server = await startPostgresServer({ isDurable: true, settings: { shared_buffers: '128MB' } })
const started: ServerProcess[] = []

async function bridgesOn(count: number, settings: Readonly<Record<string, string>>) {
  const bridges: ServerProcess[] = []
  for (let n = 0; n < count; n += 1) bridges.push(await startBridge(settings))
  started.push(...bridges)
  return bridges
}

try {
  const probe = await probePostgres(server.url)
  const setups: Setup[] = [{ name: 'SQLite', bridges: await bridgesOn(1, {}), turns: [] }]
  for (const count of [1, 2, 3]) {
    const { name, url } = await server.newDatabase()
    const bridges = await bridgesOn(count, { DATABASE_URL: url })
    setups.push({ name: `${count} on PostgreSQL`, database: name, bridges, turns: [] })
  }
  for (const setup of setups) await load(setup, WARM_UP_REQUESTS)
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    for (const setup of setups) setup.turns.push(await turn(setup, probe))
    process.stderr.write(`round ${round} of ${options.rounds}\n`)
  }
  await probe.close()
  process.stdout.write(`${table(setups)}\n`)
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
  }
  const results = setups.map((setup) => {
    return { name: setup.name, median: middle(setup), turns: setup.turns }
  })
  mkdirSync(dirname(options.json), { recursive: true })
  writeFileSync(
    options.json,
    `${JSON.stringify({ at: new Date().toISOString(), machine, options, setups: results }, null, 2)}\n`,
  )
} finally {
  for (const bridge of started) await bridge.stop()
  await server.remove()
}
