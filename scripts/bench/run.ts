/**
 * The benchmark: records a second that are answered 200 after their commit, beside a bare
 * Fastify handler, alternating in one run, as a ratio; what masking costs; latency at a steady 2,000 records/s;
 * memory idle and after 200,000 records. `npm run bench`, or `node scripts/bench/run.ts 3`
 * for another number of rounds.
 *
 * Both servers are warm when they are measured, and take turns of a fraction of a second: what
 * else the machine does meanwhile hits both.
 */
import { createBodies, recordsPerBody } from './bodies.ts'
import { maskedBodiesPerSecond, worstMillisecondsPerMegabyte } from './masking.ts'
import { type LoadResult, percentile, runLoad } from './load.ts'
import { type ServerProcess, startBare, startBridge } from './server-process.ts'

const CONNECTIONS = 8
const WARM_UP_REQUESTS = 3000
const TURNS = 5
const REQUESTS_PER_TURN = 1000
const STEADY_RECORDS_PER_SECOND = 2000
const STEADY_REQUESTS = 2000
const MEMORY_RECORDS = 200_000

const rounds = Number(process.argv[2] ?? 5)
let runs = 0

async function load(server: ServerProcess, requests: number, rate?: number): Promise<LoadResult> {
  runs += 1
  const makeBody = createBodies(runs)
  const paced = rate === undefined ? {} : { rate }
  const result = await runLoad({
    port: server.port,
    connections: CONNECTIONS,
    requests,
    makeBody,
    ...paced,
  })
  if (result.failures > 0) throw new Error(`${result.failures} of ${requests} requests failed`)
  return result
}

/** Records a second of each server, over all of its turns. */
async function throughputs(servers: readonly ServerProcess[]): Promise<readonly number[]> {
  for (const server of servers) await load(server, WARM_UP_REQUESTS)
  const seconds = servers.map(() => 0)
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [n, server] of servers.entries()) {
      seconds[n] = (seconds[n] ?? 0) + (await load(server, REQUESTS_PER_TURN)).seconds
    }
  }
  return seconds.map((spent) => (TURNS * REQUESTS_PER_TURN * recordsPerBody) / spent)
}

async function compare(): Promise<{ readonly bare: number; readonly bridge: number }> {
  const servers = [await startBare(), await startBridge()]
  const [bare = Number.NaN, bridge = Number.NaN] = await throughputs(servers)
  for (const server of servers) await server.stop()
  return { bare, bridge }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`

/** What masking leaves of the throughput. */
async function compareMasking(): Promise<number> {
  const servers = [await startBridge({ MASK: 'off' }), await startBridge({ MASK: 'on' })]
  const [off = Number.NaN, on = Number.NaN] = await throughputs(servers)
  for (const server of servers) await server.stop()
  return on / off
}

const ratios: number[] = []
for (let round = 1; round <= rounds; round += 1) {
  const { bare, bridge } = await compare()
  ratios.push(bridge / bare)
  say(
    `round ${round}: bare ${bare.toFixed(0)} records/s, bridge ${bridge.toFixed(0)} records/s, ratio ${(bridge / bare).toFixed(3)}`,
  )
}
say(
  `ratio: median ${median(ratios).toFixed(3)}, min ${Math.min(...ratios).toFixed(3)}, max ${Math.max(...ratios).toFixed(3)}`,
)

const masking: number[] = []
for (let round = 1; round <= rounds; round += 1) masking.push(await compareMasking())
say(`with masking: median ${median(masking).toFixed(3)} of the throughput without it`)
say(`masking of bodies: ${maskedBodiesPerSecond().toFixed(0)} MB/s`)
say(`masking of hostile text: ${worstMillisecondsPerMegabyte().toFixed(0)} ms/MB at worst`)

const server = await startBridge()
say(`resident memory, idle: ${mb(server.residentBytes())}`)
await load(server, 500)
const steady = await load(server, STEADY_REQUESTS, STEADY_RECORDS_PER_SECOND / recordsPerBody)
const [p50, p99] = [0.5, 0.99].map((q) => percentile(steady.latenciesMs, q).toFixed(2))
say(`latency at ${STEADY_RECORDS_PER_SECOND} records/s: p50 ${p50} ms, p99 ${p99} ms`)
say(`resident memory, steady: ${mb(server.residentBytes())}`)
const chunk = MEMORY_RECORDS / recordsPerBody / 4
for (let part = 1; part <= 4; part += 1) {
  await load(server, Math.ceil(chunk))
  say(`resident memory after ${(part * MEMORY_RECORDS) / 4} records: ${mb(server.residentBytes())}`)
}
await server.stop()
