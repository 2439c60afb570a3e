/** The recordings under `test/corpus/claude-code`: requests as sent, and what they add up to. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PATIENCE_MS } from '../../patience.ts'

const corpus = join(import.meta.dirname, '../../corpus')
const folder = join(corpus, 'claude-code')

export interface RecordedRequest {
  readonly file: string
  readonly transport: 'http' | 'grpc'
  readonly signal: 'logs' | 'metrics' | 'traces' | 'hook'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Per session; worked out from the recording apart from any product code. */
export interface Truth {
  readonly api_requests: number
  readonly cost_usd: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_read_tokens: number
  readonly cache_creation_tokens: number
  readonly prompts: number
  readonly tool_results: number
  readonly tool_failures: number
  readonly api_errors: number
  readonly lines_added: number
  readonly lines_removed: number
  readonly commits: number
  readonly pull_requests: number
  readonly active_s: number
  readonly metric_cost: number
  readonly events: Readonly<Record<string, number>>
}

/** Whether anything happened in a session: `claude --continue` starts under an id it throws away. */
export function isEventful(truth: Truth): boolean {
  return truth.prompts + truth.api_requests + truth.api_errors + truth.tool_results > 0
}

export interface Recording {
  readonly name: string
  readonly requests: readonly RecordedRequest[]
  readonly truth: Readonly<Record<string, Truth>>
}

/** The requests of a recording in a folder below `test/corpus`. */
export function requestsOf(agent: string, name: string): readonly RecordedRequest[] {
  const read = (file: string): Buffer => readFileSync(join(corpus, agent, name, file))
  const listed = JSON.parse(read('requests.json').toString()) as {
    requests: Omit<RecordedRequest, 'body'>[]
  }
  return listed.requests.map((request) => ({ ...request, body: read(request.file) }))
}

export function recording(name: string): Recording {
  const read = (file: string): Buffer => readFileSync(join(folder, name, file))
  return {
    name,
    requests: requestsOf('claude-code', name),
    truth: JSON.parse(read('truth.json').toString()) as Record<string, Truth>,
  }
}

export const recordingNames: readonly string[] = readdirSync(folder).sort()

/** Recordings sent as HTTP with JSON bodies. */
export const jsonRecordingNames: readonly string[] = recordingNames.filter((name) =>
  recording(name).requests.every(
    ({ transport, headers, signal }) =>
      transport === 'http' && (signal === 'hook' || headers['content-type'] === 'application/json'),
  ),
)

/** Posts one recorded request to a bridge and returns the status. */
export async function post(baseUrl: string, request: RecordedRequest): Promise<number> {
  const encoding = request.headers['content-encoding']
  const response = await fetch(`${baseUrl}${request.path}`, {
    method: 'POST',
    headers: {
      'content-type': request.headers['content-type'] ?? 'application/json',
      ...(encoding !== undefined && { 'content-encoding': encoding }),
    },
    body: new Uint8Array(request.body),
  })
  await response.arrayBuffer()
  return response.status
}

/** Posts the telemetry of a recording in its order; every request must be answered 200. */
export async function replay(baseUrl: string, { name, requests }: Recording): Promise<void> {
  for (const request of requests) {
    if (request.signal === 'hook') continue
    const status = await post(baseUrl, request)
    if (status !== 200) throw new Error(`${name}/${request.file} was answered ${status}`)
  }
}

/** Polls until `probe` gives something other than undefined or false. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS
  while (performance.now() < endMs) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    await delay(20)
  }
  throw new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`)
}
