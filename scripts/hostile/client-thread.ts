/**
 * A well-behaved client on a thread of its own, so that what the attack costs this process is not
 * measured: one small export at a time, over HTTP (plain and gzip in turns) and over gRPC, every
 * tenth of a second. An export that is refused with 503 is sent again, as an OTLP client would, and
 * the time counts until it was taken. Started by `well-behaved-client.ts`.
 */
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { createGrpcClient, servicePaths } from '../../test/integration/grpc/grpc-client.ts'
import type { ClientReport } from './well-behaved-client.ts'
import { logsBody, logsMessage, record } from './records.ts'

const EVERY_MS = 100
const RETRY_AFTER_MS = 50
/** Longer than any bound that is checked. */
const GIVE_UP_MS = 120_000

const port = parentPort
if (port === null) throw new Error('this module is the body of a thread')
const { httpPort, grpcPort } = workerData as { httpPort: number; grpcPort: number }
const grpc = createGrpcClient(`127.0.0.1:${grpcPort}`)

let sequence = 0
let isStopping = false
const report = { answers: 0, retries: 0, slowestMs: 0, failures: [] as string[] }

const exports: readonly (() => Promise<string>)[] = [
  () => overHttp(false),
  () => overHttp(true),
  overGrpc,
]

function nextRecord() {
  sequence += 1
  return record('well-behaved', 'user_prompt', sequence, { 'prompt.id': `prompt-${sequence}` })
}

/** `ok`, `again`, or what was wrong. */
async function overHttp(isGzip: boolean): Promise<string> {
  const body = logsBody([nextRecord()])
  const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/logs`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(isGzip && { 'content-encoding': 'gzip' }),
    },
    body: isGzip ? gzipSync(body) : body,
  })
  await answer.arrayBuffer()
  if (answer.status === 200) return 'ok'
  return answer.status === 503 ? 'again' : `HTTP ${answer.status}`
}

async function overGrpc(): Promise<string> {
  const { code, details } = await grpc.send(servicePaths.logs, logsMessage([nextRecord()]))
  if (code === 0) return 'ok'
  return code === 14 ? 'again' : `gRPC ${code}: ${details}`
}

async function untilTaken(send: () => Promise<string>): Promise<void> {
  const startedMs = performance.now()
  for (;;) {
    const outcome = await send().catch((error: unknown) => `connection: ${String(error)}`)
    if (outcome === 'ok') break
    if (outcome !== 'again' || performance.now() - startedMs > GIVE_UP_MS || isStopping) {
      if (!isStopping) report.failures.push(outcome)
      break
    }
    report.retries += 1
    await pause(RETRY_AFTER_MS)
  }
  report.answers += 1
  report.slowestMs = Math.max(report.slowestMs, performance.now() - startedMs)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function repeat(send: () => Promise<string>): Promise<void> {
  while (!isStopping) {
    await untilTaken(send)
    await pause(EVERY_MS)
  }
}

const running = exports.map(repeat)
await once(port, 'message')
isStopping = true
await Promise.all(running)
grpc.close()
port.postMessage(report satisfies ClientReport)
port.close()
