/**
 * The benchmark: one table, and the same as JSON. Throughput and start stand beside a bare Fastify
 * handler that parses and answers, masking beside none, in the same run. `docs/performance.md` says what
 * each line is.
 *
 *     npm run bench -- [--rounds 5] [--json .run/bench.json]
 *
 * Servers are warm when they are measured, and take turns of a fraction of a second: what else the
 * machine does meanwhile hits all of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { createBodies, joinedBodies, recordsPerBody } from './bodies.ts'
import { type LoadResult, percentile, runLoad } from './load.ts'
import { maskedBodiesPerSecond, worstMillisecondsPerMegabyte } from './masking.ts'
import { type ServerProcess, startBare, startBridge } from './server-process.ts'

const CONNECTIONS = 8
const TURNS = 5
const STEADY_RECORDS_PER_SECOND = 2000
const STEADY_REQUESTS = 2000
const MEMORY_RECORDS = 200_000
/** Until what starts has started. */
const AT_REST_MS = 2000

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'string', default: '.run/bench.json' },
  },
})
const rounds = Number(options.rounds)

/** What is sent. */
interface Shape {
  readonly parts: number
  readonly warmUpRequests: number
  readonly requestsPerTurn: number
}

const small: Shape = { parts: 1, warmUpRequests: 3000, requestsPerTurn: 1000 }
const large: Shape = { parts: 34, warmUpRequests: 100, requestsPerTurn: 40 }

/** A line of the table. */
interface Line {
  readonly name: string
  readonly unit: string
  readonly value: number
  /** The same of what it is compared with. */
  readonly reference?: number
}

const lines: Line[] = []
let runs = 0

async function load(
  server: ServerProcess,
  { parts }: Pick<Shape, 'parts'>,
  requests: number,
  rate?: number,
): Promise<LoadResult> {
  runs += 1
  const makeBody = joinedBodies(createBodies(runs), parts)
  const { port } = server
  const paced = rate === undefined ? {} : { rate }
  const result = await runLoad({
    ports: [port],
    connections: CONNECTIONS,
    requests,
    makeBody,
    ...paced,
  })
  if (result.failures > 0) throw new Error(`${result.failures} of ${requests} requests failed`)
  return result
}

/** What a server did over all of its turns. */
interface Pace {
  readonly recordsPerSecond: number
  readonly cpuMsPerRequest: number
}

async function paces(servers: readonly ServerProcess[], shape: Shape): Promise<readonly Pace[]> {
  for (const server of servers) await load(server, shape, shape.warmUpRequests)
  const spent = servers.map(() => ({ seconds: 0, cpuMs: 0 }))
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [n, server] of servers.entries()) {
      const of = spent[n] as (typeof spent)[number]
      const before = server.cpuMs()
      of.seconds += (await load(server, shape, shape.requestsPerTurn)).seconds
      of.cpuMs += server.cpuMs() - before
    }
  }
  const requests = TURNS * shape.requestsPerTurn
  return spent.map(({ seconds, cpuMs }) => ({
    recordsPerSecond: (requests * shape.parts * recordsPerBody) / seconds,
    cpuMsPerRequest: cpuMs / requests,
  }))
}

/** The bridge, and it without masking, beside the bare handler. */
async function compare(shape: Shape): Promise<void> {
  const all: (readonly Pace[])[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const servers = [await startBare(), await startBridge(), await startBridge({ MASK: 'off' })]
    all.push(await paces(servers, shape))
    for (const server of servers) await server.stop()
    process.stderr.write(`${shape.parts * recordsPerBody} records a request, round ${round}\n`)
  }
  const middle = (server: number, of: keyof Pace) =>
    median(all.map((paceOf) => paceOf[server]?.[of] ?? Number.NaN))
  const of = `${shape.parts * recordsPerBody} records a request`
  for (const [server, what] of [
    [1, ''],
    [2, ', no masking'],
  ] as const) {
    lines.push(
      {
        name: `ingest, ${of}${what}`,
        unit: 'records/s',
        value: middle(server, 'recordsPerSecond'),
        reference: middle(0, 'recordsPerSecond'),
      },
      {
        name: `processor time, ${of}${what}`,
        unit: 'ms/request',
        value: middle(server, 'cpuMsPerRequest'),
        reference: middle(0, 'cpuMsPerRequest'),
      },
    )
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const megabytes = (bytes: number): number => bytes / 1024 / 1024

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
  await bare.stop()
  await load(bridge, small, 500)
  const rate = STEADY_RECORDS_PER_SECOND / recordsPerBody
  const { latenciesMs } = await load(bridge, small, STEADY_REQUESTS, rate)
  for (const [name, q] of [
    ['p50', 0.5],
    ['p99', 0.99],
    ['p99.9', 0.999],
  ] as const) {
    const at = `latency ${name} at ${STEADY_RECORDS_PER_SECOND} records/s`
    lines.push({ name: at, unit: 'ms', value: percentile(latenciesMs, q) })
  }
  memory(`after ${STEADY_RECORDS_PER_SECOND} records/s`)
  const storedBefore = bridge.storedBytes()
  const requests = Math.ceil(MEMORY_RECORDS / recordsPerBody)
  await load(bridge, small, requests)
  memory(`after ${MEMORY_RECORDS} records more, as fast as it goes`)
  lines.push({
    name: 'stored',
    unit: 'bytes/record',
    value: (bridge.storedBytes() - storedBefore) / (requests * recordsPerBody),
  })
  await bridge.stop()
}

function table(): string {
  const rows = lines.map(({ name, unit, value, reference }) => [
    name,
    `${rounded(value)} ${unit}`,
    reference === undefined ? '' : rounded(reference),
    reference === undefined ? '' : (value / reference).toFixed(2),
  ])
  const all = [['', 'bridge', 'reference', 'ratio'], ...rows]
  const widths = [0, 1, 2, 3].map((n) => Math.max(...all.map((row) => (row[n] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

await compare(small)
await compare(large)
lines.push(
  { name: 'masking of API bodies', unit: 'MB/s', value: maskedBodiesPerSecond() },
  { name: 'masking of hostile text', unit: 'ms/MB', value: worstMillisecondsPerMegabyte() },
)
await live()
process.stdout.write(`${table()}\n`)
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
