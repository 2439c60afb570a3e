/**
 * A run: hostile requests over many connections and both servers, every answer checked, the
 * process watched.
 */
import { createGrpcClient, servicePaths } from '../../test/integration/grpc/grpc-client.ts'
import { type Bridge, startBridge } from './bridge.ts'
import { createHttpConnection } from './http-connection.ts'
import { createRandom, type Random } from './random.ts'
import { goodRequest, nextRequest } from './requests.ts'
import { readSeeds, type Seed } from './seeds.ts'
import { grpcFault, httpFault } from './verdict.ts'

export interface FuzzOptions {
  readonly requests: number
  readonly seed: number
  /** Called now and then with the requests answered so far. */
  readonly onProgress?: (done: number, residentBytes: number) => void
}

export interface FuzzReport {
  readonly requests: number
  readonly seconds: number
  /** Requests by what was done to them and how they were answered. */
  readonly counts: ReadonlyMap<string, number>
  /** The first faults; empty when all is well. */
  readonly faults: readonly string[]
  /** Over the run, in equal steps. */
  readonly residentBytes: readonly number[]
  readonly folderBytes: number
}

const HTTP_WORKERS = 24
const GRPC_WORKERS = 4
const MAX_FAULTS = 20
const SAMPLES = 200
const MIN_SAMPLE_EVERY = 250

/** Runs to the end, or to the first faults. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const bridge = await startBridge()
  try {
    return await run(bridge, options)
  } finally {
    await bridge.stop()
  }
}

async function run(bridge: Bridge, options: FuzzOptions): Promise<FuzzReport> {
  const seeds = readSeeds()
  const counts = new Map<string, number>()
  const faults: string[] = []
  const residentBytes: number[] = []
  const sampleEvery = Math.max(MIN_SAMPLE_EVERY, Math.floor(options.requests / SAMPLES))
  const startedMs = performance.now()
  let begun = 0
  let done = 0

  const note = (label: string, answer: string, fault: string | undefined): void => {
    done += 1
    counts.set(`${label}|${answer}`, (counts.get(`${label}|${answer}`) ?? 0) + 1)
    if (fault !== undefined) faults.push(`${label}: ${fault}`)
    if (done % sampleEvery !== 0) return
    residentBytes.push(bridge.isUp() ? bridge.residentBytes() : 0)
    options.onProgress?.(done, residentBytes.at(-1) ?? 0)
  }
  const mayGoOn = (): boolean => {
    begun += 1
    return begun <= options.requests && faults.length < MAX_FAULTS && bridge.isUp()
  }

  const workers = [
    ...Array.from({ length: HTTP_WORKERS }, (_, i) =>
      httpWorker(bridge, seeds, createRandom(options.seed + i), mayGoOn, note),
    ),
    ...Array.from({ length: GRPC_WORKERS }, (_, i) =>
      grpcWorker(bridge, seeds, createRandom(options.seed + HTTP_WORKERS + i), mayGoOn, note),
    ),
  ]
  await Promise.all(workers)
  const seconds = (performance.now() - startedMs) / 1000
  if (!bridge.isUp()) faults.push(`the bridge is gone: ${bridge.stderr()}`)
  else await lastRequests(bridge, seeds, note)
  if (bridge.stderr() !== '') faults.push(`on stderr: ${bridge.stderr()}`)
  const folderBytes = bridge.folderBytes()
  return { requests: done, seconds, counts, faults, residentBytes, folderBytes }
}

type Note = (label: string, answer: string, fault: string | undefined) => void

async function httpWorker(
  bridge: Bridge,
  seeds: readonly Seed[],
  random: Random,
  mayGoOn: () => boolean,
  note: Note,
): Promise<void> {
  const connection = createHttpConnection(bridge.httpPort)
  while (mayGoOn()) {
    const request = nextRequest(seeds, random)
    try {
      const answer = await connection.send(request)
      note(request.label, String(answer.status), httpFault(request, answer))
    } catch (error) {
      note(request.label, 'none', String(error))
    }
  }
  connection.close()
}

async function grpcWorker(
  bridge: Bridge,
  seeds: readonly Seed[],
  random: Random,
  mayGoOn: () => boolean,
  note: Note,
): Promise<void> {
  const clients = [createGrpcClient(bridge.grpc), createGrpcClient(bridge.grpc, true)]
  while (mayGoOn()) {
    const { signal, body, isGood, answerEncoding } = nextRequest(seeds, random)
    const { code, bytes } = await random.pick(clients).send(servicePaths[signal], body)
    const isExpectedGood = isGood && answerEncoding === 'protobuf'
    note(isExpectedGood ? 'good grpc' : 'grpc', `g${code}`, grpcFault(isExpectedGood, code, bytes))
  }
  for (const client of clients) client.close()
}

/** After all that, good requests of every signal and encoding are answered as on the first day. */
async function lastRequests(bridge: Bridge, seeds: readonly Seed[], note: Note): Promise<void> {
  const connection = createHttpConnection(bridge.httpPort)
  for (const seed of new Map(seeds.map((one) => [one.signal, one])).values()) {
    for (const encoding of ['json', 'protobuf'] as const) {
      const request = goodRequest(seed, encoding)
      const answer = await connection.send(request)
      note(`last good ${encoding}`, String(answer.status), httpFault(request, answer))
    }
  }
  connection.close()
}
