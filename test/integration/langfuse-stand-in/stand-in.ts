/**
 * A Langfuse to test against: a real HTTP server on loopback that takes, refuses and remembers
 * what a Langfuse 4.16 would, and misbehaves on demand.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { answerTo } from './api.ts'
import { createDatasetStore, type DatasetStore } from './dataset-store.ts'
import { createFaultPlan, type Fault } from './fault.ts'
import { createMisbehaviour } from './misbehaviour.ts'
import { type ReceivedRequest, receivedRequest } from './received-request.ts'
import { createScoreStore, type StoredScore } from './score-store.ts'
import { createSpanStore } from './span-store.ts'
import type { StoredSpan } from './stored-span.ts'

/** The body is left out: what was taken of it is in the stores. */
export type RequestRecord = Omit<ReceivedRequest, 'json' | 'query'>

export interface Keys {
  readonly publicKey: string
  readonly secretKey: string
}

export interface LangfuseStandIn {
  /** Base address, without a trailing slash. */
  readonly url: string
  readonly port: number
  /** Every span stored, in the order of arrival, doubles included. */
  spans(): readonly StoredSpan[]
  /** How often each span id was stored. */
  spanIdCounts(): ReadonlyMap<string, number>
  /** Scores as they stand, the latest of each id. */
  scores(): readonly StoredScore[]
  readonly datasets: DatasetStore
  /** Every request of the public API without its body, also those refused or broken. */
  requests(): readonly RequestRecord[]
  /** The next requests misbehave, one fault each. */
  plan(...faults: readonly Fault[]): void
  /** Requests without a planned fault ask this one; `undefined` puts an end to it. */
  always(decide: ((request: ReceivedRequest) => Fault | undefined) | undefined): void
  /** Refuses exports that hold a span for which `judge` gives a reason. */
  refuseSpans(judge: (span: StoredSpan) => string | undefined): void
  /** From now on, these keys and no others. */
  setKeys(keys: Keys): void
  /** Lets every request that hangs or stalls go on. */
  release(): void
  /** Stops listening and breaks what is open. */
  close(): Promise<void>
}

export const STAND_IN_KEYS: Keys = { publicKey: 'pk-lf-stand-in', secretKey: 'sk-lf-stand-in' }

export interface StandInOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly keys?: Keys
  /** The one that it says it is. */
  readonly version?: string
}

export async function createLangfuseStandIn(
  options: StandInOptions = {},
): Promise<LangfuseStandIn> {
  const spans = createSpanStore()
  const scores = createScoreStore()
  const datasets = createDatasetStore()
  const requests: RequestRecord[] = []
  const faults = createFaultPlan()
  const misbehaviour = createMisbehaviour()
  let decide: (request: ReceivedRequest) => Fault | undefined = () => undefined
  let keys = options.keys ?? STAND_IN_KEYS
  const version = options.version ?? '4.16.0'

  const isAllowed = (authorization: unknown) =>
    authorization ===
    `Basic ${Buffer.from(`${keys.publicKey}:${keys.secretKey}`).toString('base64')}`

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    // One that comes while the stand-in is down is refused, however long its body takes to be read.
    const decideOnIt = decide
    const request = await receivedRequest(incoming)
    if (request.path === '/__stand-in/state') {
      send(response, 200, state())
      return
    }
    if (request.path === '/__stand-in/faults' && Array.isArray(request.json)) {
      faults.add(request.json)
      send(response, 204, undefined)
      return
    }
    requests.push(recordOf(request))
    const fault = faults.take(request.kind) ?? decideOnIt(request)
    const answer = () => answerTo(request, { isAllowed, spans, scores, datasets, version })
    if (fault !== undefined) return misbehaviour.answer(response, fault, answer)
    const { status, body } = answer()
    send(response, status, body)
  }

  function state() {
    return { spans: spans.all(), scores: scores.all(), requests, spanIdCounts: [...counts()] }
  }

  function counts(): Map<string, number> {
    const byId = new Map<string, number>()
    for (const { spanId } of spans.all()) byId.set(spanId, (byId.get(spanId) ?? 0) + 1)
    return byId
  }

  const server = createServer((incoming, response) => {
    // A sender that goes away in the middle is what some tests are about.
    handle(incoming, response).catch(() => response.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    spans: () => spans.all(),
    spanIdCounts: counts,
    scores: () => scores.all(),
    datasets,
    requests: () => requests,
    plan: (...planned) => faults.add(planned),
    always: (next) => {
      decide = next ?? (() => undefined)
    },
    refuseSpans: (judge) => spans.refuse(judge),
    setKeys: (next) => {
      keys = next
    },
    release: () => misbehaviour.release(),
    close: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function recordOf({ method, path, headers, kind, bodyBytes }: ReceivedRequest): RequestRecord {
  return { method, path, headers, kind, bodyBytes }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}
