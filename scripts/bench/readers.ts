/**
 * What readers cost intake: requests a second and their latency with nobody looking, and with live
 * pages open and one client that reloads a session of very many tool results and the overview. Both
 * take turns in one run, so the ratio holds on a busy machine. `npm run bench:readers -- --pages 20`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bigSessionBodies } from './big-session.ts'
import { createBodies } from './bodies.ts'
import { type LoadResult, percentile, runLoad } from './load.ts'
import type { ReaderCommand, ReaderReport } from './reader-clients.ts'
import { startBridge } from './server-process.ts'

const CONNECTIONS = 8
const WARM_UP_REQUESTS = 1000
/** More than a turn takes; it ends by its time. */
const MAX_REQUESTS_PER_TURN = 8000

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '20' },
    results: { type: 'string', default: '100000' },
    prompts: { type: 'string', default: '100' },
    turns: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '5' },
  },
})
const pages = Number(values.pages)
const results = Number(values.results)
const seconds = Number(values.seconds)

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`

const bridge = await startBridge()
const clients = fork(join(import.meta.dirname, 'reader-clients.ts'))

async function tell(command: ReaderCommand): Promise<ReaderReport> {
  clients.send(command)
  const [report] = (await once(clients, 'message')) as [ReaderReport]
  return report
}

let runs = 0
async function load(): Promise<LoadResult> {
  runs += 1
  const result = await runLoad({
    ports: [bridge.port],
    connections: CONNECTIONS,
    requests: MAX_REQUESTS_PER_TURN,
    makeBody: createBodies(runs),
    seconds,
  })
  if (result.failures > 0) throw new Error(`${result.failures} requests failed`)
  return result
}

async function sendBigSession(sessionId: string): Promise<void> {
  const resultsPerPrompt = Math.ceil(results / Number(values.prompts))
  for (const body of bigSessionBodies({ sessionId, results, resultsPerPrompt })) {
    const answer = await fetch(`http://127.0.0.1:${bridge.port}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    if (answer.status !== 200) throw new Error(`a request was answered ${answer.status}`)
  }
}

interface Sum {
  requests: number
  seconds: number
  latenciesMs: number[]
}

const emptySum = (): Sum => ({ requests: 0, seconds: 0, latenciesMs: [] })

function add(sum: Sum, { requests, seconds: took, latenciesMs }: LoadResult): void {
  sum.requests += requests
  sum.seconds += took
  sum.latenciesMs = sum.latenciesMs.concat(latenciesMs)
}

const rate = ({ requests, seconds: took }: Sum): number => requests / took
const latency = ({ latenciesMs }: Sum, q: number): string =>
  percentile(
    latenciesMs.toSorted((a, b) => a - b),
    q,
  ).toFixed(1)

try {
  const sessionId = 'big-session'
  say(`sending a session of ${results} tool results …`)
  await sendBigSession(sessionId)
  await runLoad({
    ports: [bridge.port],
    connections: CONNECTIONS,
    requests: WARM_UP_REQUESTS,
    makeBody: createBodies(1000),
  })
  say(`resident memory before anybody looks: ${mb(bridge.residentBytes())}`)
  const paths = [`/api/sessions/${encodeURIComponent(`claude-code/${sessionId}`)}`, '/api/overview']
  const alone = emptySum()
  const read = emptySum()
  for (let turn = 1; turn <= Number(values.turns); turn += 1) {
    const before = await load()
    add(alone, before)
    await tell({ kind: 'begin', port: bridge.port, pages, paths })
    const during = await load()
    add(read, during)
    const report = await tell({ kind: 'end' })
    say(
      `turn ${turn}: alone ${(before.requests / before.seconds).toFixed(0)} requests/s, ` +
        `with readers ${(during.requests / during.seconds).toFixed(0)}; ` +
        `${report.answers} answers, ${report.refusals} refused, slowest ${(report.slowestMs / 1000).toFixed(1)} s, ` +
        `longest ${mb(report.longestBytes)}, live ${mb(report.liveBytes)}`,
    )
  }
  say(`resident memory after: ${mb(bridge.residentBytes())}`)
  say(
    `alone: ${rate(alone).toFixed(0)} requests/s, p50 ${latency(alone, 0.5)} ms, p99 ${latency(alone, 0.99)} ms`,
  )
  say(
    `with ${pages} live pages and reloads: ${rate(read).toFixed(0)} requests/s, ` +
      `p50 ${latency(read, 0.5)} ms, p99 ${latency(read, 0.99)} ms, slowest ${latency(read, 1)} ms`,
  )
  say(`ratio: ${(rate(read) / rate(alone)).toFixed(3)}`)
} finally {
  clients.kill()
  await bridge.stop()
}
