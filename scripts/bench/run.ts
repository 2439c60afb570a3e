/**
 * The benchmark: one table, and the same as JSON. Each line stands beside its reference from the same run
 * where there is one: bare handlers that parse and respond for intake, masking beside none, a full store
 * beside an empty one. `docs/performance.md` says what each line is.
 *
 *     npm run bench -- [--rounds 5] [--json .run/bench.json]
 *     npm run bench:short                # intake alone; fails where it became slower by half
 *
 * Servers are warm when they are measured, and take turns of a fraction of a second: what else the
 * machine does meanwhile hits all of them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { oneRequestPerSession, recordsPerBody } from './bodies.ts'
import { deliveryRate } from './delivery.ts'
import { type AcceptedRatios, type Line, median, regressions, tableOf } from './lines.ts'
import { percentile, type Transport } from './load.ts'
import { load, type Load, type Pace, paces, type Shape } from './paces.ts'
import { maskedBodiesPerSecond, worstMillisecondsPerMegabyte } from './masking.ts'
import { type ServerProcess, startBare, startBridge } from './server-process.ts'

const STEADY_RECORDS_PER_SECOND = 2000
const STEADY_REQUESTS = 2000
const MEMORY_RECORDS = 200_000
const STORED_SESSIONS = 10_000
const LIVE_SESSIONS = 10_000
const BACKLOG_REQUESTS = 1500
/** Until what starts has started. */
const AT_REST_MS = 2000
const ACCEPTED = join(import.meta.dirname, 'accepted-ratios.json')

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'string', default: '.run/bench.json' },
    short: { type: 'boolean', default: false },
  },
})
const rounds = options.short ? 1 : Number(options.rounds)

const small: Shape = {
  transport: 'json',
  parts: 1,
  warmUpRequests: 3000,
  turns: 5,
  requestsPerTurn: 1000,
}
const large: Shape = { ...small, parts: 34, warmUpRequests: 100, requestsPerTurn: 40 }
const short: Shape = { ...small, warmUpRequests: 1000, turns: 4, requestsPerTurn: 500 }
const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = {
  json: '',
  protobuf: ', protobuf',
  grpc: ', gRPC',
}

const lines: Line[] = []

/** The bridge, and it without masking, beside the bare handler. */
async function compare(shape: Shape): Promise<void> {
  const all: (readonly Pace[])[] = []
  const what = `${shape.parts * recordsPerBody} records a request${TRANSPORT_NAMES[shape.transport]}`
  for (let round = 1; round <= rounds; round += 1) {
    const servers = [await startBare(), await startBridge(), await startBridge({ MASK: 'off' })]
    all.push(await paces(servers, shape))
    for (const server of servers) await server.stop()
    process.stderr.write(`${what}, round ${round}\n`)
  }
  const middle = (server: number, of: keyof Pace) =>
    median(all.map((paceOf) => paceOf[server]?.[of] ?? Number.NaN))
  for (const [server, name] of [
    [1, what],
    [2, `${what}, no masking`],
  ] as const) {
    lines.push(
      {
        name: `ingest, ${name}`,
        unit: 'records/s',
        value: middle(server, 'recordsPerSecond'),
        reference: middle(0, 'recordsPerSecond'),
      },
      {
        name: `processor time, ${name}`,
        unit: 'ms/request',
        value: middle(server, 'cpuMsPerRequest'),
        reference: middle(0, 'cpuMsPerRequest'),
      },
    )
  }
}

/** A bridge that has stored many sessions, beside one that has stored few. */
async function growth(): Promise<void> {
  const [few, many] = [await startBridge(), await startBridge()]
  await load(many, { requests: STORED_SESSIONS, spread: oneRequestPerSession })
  const [reference, value] = await paces([few, many], small)
  for (const server of [few, many]) await server.stop()
  lines.push({
    name: `processor time with ${STORED_SESSIONS} sessions more`,
    unit: 'ms/request',
    value: value?.cpuMsPerRequest ?? Number.NaN,
    reference: reference?.cpuMsPerRequest ?? Number.NaN,
  })
}

const megabytes = (bytes: number): number => bytes / 1024 / 1024

/** Each request is of a session of its own, which stays open. */
async function liveSessions(): Promise<void> {
  const bridge = await startBridge()
  const rate = STEADY_RECORDS_PER_SECOND / recordsPerBody
  await load(bridge, { requests: LIVE_SESSIONS, rate, spread: oneRequestPerSession })
  lines.push({
    name: `resident memory, with ${LIVE_SESSIONS} live sessions at ${STEADY_RECORDS_PER_SECOND} records/s`,
    unit: 'MB',
    value: megabytes(bridge.residentBytes()),
  })
  await bridge.stop()
}

/** Start, memory, latency and what is stored, of one bridge. */
async function live(): Promise<void> {
  const bare = await startBare()
  const bridge = await startBridge()
  await new Promise((resolve) => setTimeout(resolve, AT_REST_MS))
  const memory = (name: string, reference?: number): number =>
    lines.push({
      name: `resident memory, ${name}`,
      unit: 'MB',
      value: megabytes(bridge.residentBytes()),
      ...(reference !== undefined && { reference }),
    })
  lines.push({ name: 'start', unit: 'ms', value: bridge.startMs, reference: bare.startMs })
  memory('idle', megabytes(bare.residentBytes()))
  const steady = { requests: STEADY_REQUESTS, rate: STEADY_RECORDS_PER_SECOND / recordsPerBody }
  const latencies: Readonly<Record<'bare' | 'bridge', readonly number[]>> = {
    bare: await steadyLatencies(bare, steady),
    bridge: await steadyLatencies(bridge, steady),
  }
  await bare.stop()
  for (const [name, q] of [
    ['p50', 0.5],
    ['p99', 0.99],
    ['p99.9', 0.999],
  ] as const) {
    lines.push({
      name: `latency ${name} at ${STEADY_RECORDS_PER_SECOND} records/s`,
      unit: 'ms',
      value: percentile(latencies.bridge, q),
      reference: percentile(latencies.bare, q),
    })
  }
  memory(`after ${STEADY_RECORDS_PER_SECOND} records/s`)
  const storedBefore = bridge.storedBytes()
  const requests = Math.ceil(MEMORY_RECORDS / recordsPerBody)
  await load(bridge, { requests })
  memory(`after ${MEMORY_RECORDS} records more, as fast as it goes`)
  lines.push({
    name: 'stored',
    unit: 'bytes/record',
    value: (bridge.storedBytes() - storedBefore) / (requests * recordsPerBody),
  })
  await bridge.stop()
}

async function steadyLatencies(server: ServerProcess, steady: Load): Promise<readonly number[]> {
  await load(server, { requests: 500 })
  return (await load(server, steady)).latenciesMs
}

async function delivery(): Promise<void> {
  const { spansPerSecond, reference } = await deliveryRate((bridge) =>
    load(bridge, { requests: BACKLOG_REQUESTS }),
  )
  lines.push({ name: 'delivery', unit: 'spans/s', value: spansPerSecond, reference })
}

if (options.short) {
  for (const transport of ['json', 'protobuf', 'grpc'] as const) {
    await compare({ ...short, transport })
  }
} else {
  await compare(small)
  await compare({ ...small, transport: 'protobuf' })
  await compare({ ...small, transport: 'grpc' })
  await compare(large)
  lines.push(
    { name: 'masking of API bodies', unit: 'MB/s', value: maskedBodiesPerSecond() },
    { name: 'masking of hostile text', unit: 'ms/MB', value: worstMillisecondsPerMegabyte() },
  )
  await growth()
  await delivery()
  await live()
  await liveSessions()
}
process.stdout.write(`${tableOf(lines)}\n`)
const machine = {
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
}
mkdirSync(dirname(options.json), { recursive: true })
writeFileSync(
  options.json,
  `${JSON.stringify({ at: new Date().toISOString(), machine, rounds, lines }, null, 2)}\n`,
)
if (options.short) {
  const worse = regressions(lines, JSON.parse(readFileSync(ACCEPTED, 'utf8')) as AcceptedRatios)
  for (const line of worse) process.stderr.write(`slower: ${line}\n`)
  if (worse.length > 0) process.exitCode = 1
}
