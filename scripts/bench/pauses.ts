/**
 * Whether anything makes clients wait: latency at a steady rate of a bridge that does nothing else, and of
 * one that meanwhile deletes half of a year by retention, gives the pages back, writes checkpoints,
 * answers reports over the year and is read for a replay of its sessions, all at once.
 *
 *     npm run bench:pauses -- [--seconds 20] [--rate 2000] [--only retention]
 */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { recordsPerBody } from './bodies.ts'
import { percentile } from './load.ts'
import { load } from './paces.ts'
import { createYearStore } from './queries/year-store.ts'
import type { ReaderCommand, ReaderReport } from './reader-clients.ts'
import { type BridgeProcess, startBridge } from './server-process.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    /** Records a second. */
    rate: { type: 'string', default: '2000' },
    /** Which of it, to find out what a pause is of. */
    only: { type: 'string', default: 'retention,reports,replay' },
  },
})
const does = new Set(values.only.split(','))
const seconds = Number(values.seconds)
const rate = Number(values.rate) / recordsPerBody
const WARM_UP_REQUESTS = 1000
/** A page, and one client that asks for a year again and again. */
const PAGES = 1
const YEAR_MS = 365 * 86_400_000
const KEYS = ['--public-key', 'pk-lf-bench', '--secret-key', 'sk-lf-bench']

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

async function steady(bridge: BridgeProcess): Promise<readonly number[]> {
  const requests = Math.ceil(rate * seconds)
  return (await load(bridge, { requests, rate })).latenciesMs
}

function report(name: string, latenciesMs: readonly number[]): void {
  const at = (q: number): string => percentile(latenciesMs, q).toFixed(1)
  say(
    `${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, p99.9 ${at(0.999)} ms, slowest ${at(1)} ms of ${latenciesMs.length} requests`,
  )
}

/** Takes everything, as a Langfuse that has time. */
async function createSink(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end('{}'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() }
}

/** Replays the stored sessions over and over until it is told to end; resolves with how often. */
function replaying({ dataDir }: BridgeProcess, host: string): { end(): Promise<number> } {
  const stop = new AbortController()
  const { signal } = stop
  const args = ['dist/main.js', 'replay', '--since', '1d', '--host', host, ...KEYS]
  const env = { PATH: process.env.PATH, HOME: dataDir, DATA_DIR: dataDir }
  async function again(): Promise<number> {
    for (let times = 0; ; times += 1) {
      const child = execFile(process.execPath, args, {
        cwd: join(import.meta.dirname, '../..'),
        env,
        signal,
      })
      const [status] = (await once(child, 'exit').catch(() => [undefined])) as [number | undefined]
      if (signal.aborted) return times
      if (status !== 0) throw new Error(`the replay ended with exit code ${status}`)
    }
  }
  const done = again()
  return {
    end: () => {
      stop.abort()
      return done
    },
  }
}

const idle = await startBridge()
await load(idle, { requests: WARM_UP_REQUESTS })
report('nothing else', await steady(idle))
await idle.stop()

const sink = await createSink()
const readers = fork(join(import.meta.dirname, 'reader-clients.ts'))
async function tell(command: ReaderCommand): Promise<ReaderReport> {
  readers.send(command)
  const [answer] = (await once(readers, 'message')) as [ReaderReport]
  return answer
}
// Half of what is there goes, in slices that begin with the start.
const busy = await startBridge(
  { RETENTION_DAYS: does.has('retention') ? '180' : '0' },
  async (dataDir) => {
    say(await createYearStore(dataDir))
  },
)
try {
  await load(busy, { requests: WARM_UP_REQUESTS })
  const storedBefore = busy.storedBytes()
  const now = Date.now()
  const year = `from=${now - YEAR_MS}&to=${now}`
  await tell({
    kind: 'begin',
    port: busy.port,
    pages: does.has('reports') ? PAGES : 0,
    paths: does.has('reports')
      ? [`/api/overview?${year}&bucket=week`, `/api/usage?${year}&group=project`]
      : [],
  })
  const replay = does.has('replay') ? replaying(busy, sink.url) : undefined
  const latencies = await steady(busy)
  const { answers, refusals } = await tell({ kind: 'end' })
  const replays = (await replay?.end()) ?? 0
  report(`with ${values.only}`, latencies)
  say(
    `meanwhile: ${answers} reports answered, ${refusals} refused, ${replays} replays, ` +
      `store from ${(storedBefore / 1e6).toFixed(0)} to ${(busy.storedBytes() / 1e6).toFixed(0)} MB`,
  )
} finally {
  readers.kill()
  await busy.stop()
  sink.close()
}
