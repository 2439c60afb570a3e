/**
 * Langfuse's public API as far as it concerns what is sent to it: which answer a request gets,
 * as measured on a Langfuse 4.16 in its default mode. Knows nothing of connections and faults.
 */
import type { RequestKind } from './fault.ts'
import type { ScoreStore } from './score-store.ts'
import type { SpanStore } from './span-store.ts'
import { isObject, type Json, listOf, textOf } from './stored-span.ts'

export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Inflated; parsed where it is JSON, else `undefined`. */
  readonly json: unknown
}

export interface ApiAnswer {
  readonly status: number
  readonly body: Json
}

const SPANS_PATH = '/api/public/otel/v1/traces'
const SCORES_PATH = '/api/public/scores'
const INGESTION_PATH = '/api/public/ingestion'
/** What the retired endpoint still takes. */
const INGESTIBLE = new Set(['score-create', 'sdk-log'])

export function kindOf({ path, json }: Pick<ApiRequest, 'path' | 'json'>): RequestKind {
  if (path === SCORES_PATH) return 'scores'
  if (path !== SPANS_PATH) return 'other'
  return isObject(json) && listOf(json.resourceSpans).length > 0 ? 'spans' : 'probe'
}

/** `isAllowed` judges the Authorization header. Stores what the answer says is stored. */
export function answerTo(
  request: ApiRequest,
  isAllowed: (authorization: unknown) => boolean,
  spans: SpanStore,
  scores: ScoreStore,
): ApiAnswer {
  const { method, path, headers } = request
  if (method === 'GET' && path === '/api/public/health') {
    return { status: 200, body: { status: 'OK', version: '4.16.0' } }
  }
  const routes: Record<string, () => ApiAnswer> = {
    [SPANS_PATH]: () => exportSpans(request, spans),
    [SCORES_PATH]: () => createScore(request, scores),
    [INGESTION_PATH]: () => ingest(request, scores),
  }
  const route = routes[path]
  if (route === undefined) return { status: 404, body: { error: 'NotFoundError', message: path } }
  if (method !== 'POST') return { status: 405, body: { message: 'Method not allowed' } }
  if (!isAllowed(headers.authorization)) {
    const message = 'Invalid credentials. Confirm that you have configured the correct host.'
    return { status: 401, body: { error: 'UnauthorizedError', message } }
  }
  return route()
}

function exportSpans({ headers, json }: ApiRequest, spans: SpanStore): ApiAnswer {
  const contentType = String(headers['content-type'] ?? '')
  if (!contentType.includes('application/json')) return badRequest('Invalid content type')
  if (!isObject(json)) return badRequest('Failed to parse OTel JSON Trace')
  if (Number(headers['x-langfuse-ingestion-version'] ?? 4) > 4) {
    return badRequest('Unsupported x-langfuse-ingestion-version')
  }
  const refusal = spans.add(json.resourceSpans)
  return refusal === undefined ? { status: 200, body: {} } : badRequest(refusal)
}

function createScore({ json }: ApiRequest, scores: ScoreStore): ApiAnswer {
  const result = scores.put(json)
  if ('id' in result) return { status: 200, body: { id: result.id } }
  return { status: 400, body: { message: 'Invalid request data', error: [result.error] } }
}

/** A v4 server answers 207 here, and refuses everything but scores inside it. */
function ingest({ json }: ApiRequest, scores: ScoreStore): ApiAnswer {
  const successes: Json[] = []
  const errors: Json[] = []
  for (const event of listOf(isObject(json) ? json.batch : undefined).filter(isObject)) {
    const id = event.id ?? null
    const refusal = INGESTIBLE.has(textOf(event.type))
      ? event.type === 'score-create' && 'error' in scores.put(event.body)
      : true
    if (refusal) errors.push({ id, status: 400, message: 'Invalid request data', error: 'refused' })
    else successes.push({ id, status: 201 })
  }
  return { status: 207, body: { successes, errors } }
}

function badRequest(error: string): ApiAnswer {
  return { status: 400, body: { error } }
}
