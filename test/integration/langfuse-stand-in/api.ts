/**
 * Langfuse's public API as far as it concerns what is sent to it: which answer a request gets,
 * as measured on a Langfuse 4.16 in its default mode. Knows nothing of connections and faults.
 */
import type { DatasetStore } from './dataset-store.ts'
import type { RequestKind } from './fault.ts'
import type { ScoreStore } from './score-store.ts'
import type { SpanStore } from './span-store.ts'
import { isObject, type Json, listOf, textOf } from './stored-span.ts'

export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
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
const SCORE_LIST_PATH = '/api/public/v3/scores'
const PROJECTS_PATH = '/api/public/projects'
const TRACES_PATH = '/api/public/traces'
const INGESTION_PATH = '/api/public/ingestion'
const OBSERVATIONS_PATH = '/api/public/v2/observations'
const DATASETS_PATH = '/api/public/v2/datasets'
const DATASET_ITEMS_PATH = '/api/public/dataset-items'
const HEALTH_PATH = '/api/public/health'
const UNAUTHORIZED: ApiAnswer = {
  status: 401,
  body: {
    error: 'UnauthorizedError',
    message: 'Invalid credentials. Confirm that you have configured the correct host.',
  },
}
/** What the retired endpoint still takes. */
const INGESTIBLE = new Set(['score-create', 'sdk-log'])

export function kindOf({ path, json }: Pick<ApiRequest, 'path' | 'json'>): RequestKind {
  if (path === SCORES_PATH) return 'scores'
  if (path !== SPANS_PATH) return 'other'
  return isObject(json) && listOf(json.resourceSpans).length > 0 ? 'spans' : 'probe'
}

/** What a Langfuse is made of: who may use it, what it stores, and which one it is. */
export interface Server {
  /** Judges the Authorization header. */
  readonly isAllowed: (authorization: unknown) => boolean
  readonly spans: SpanStore
  readonly scores: ScoreStore
  readonly datasets: DatasetStore
  readonly version: string
}

/** Stores what the answer says is stored. */
export function answerTo(request: ApiRequest, server: Server): ApiAnswer {
  const { isAllowed, spans, scores, version } = server
  const { method, path, headers } = request
  if (method === 'GET' && path === HEALTH_PATH) {
    return { status: 200, body: { status: 'OK', version } }
  }
  if (method === 'GET' && path === OBSERVATIONS_PATH) {
    return isAllowed(headers.authorization) ? observations(request, spans) : UNAUTHORIZED
  }
  if (method === 'GET' && path === PROJECTS_PATH && isAllowed(headers.authorization)) {
    return { status: 200, body: { data: [{ id: 'stand-in', name: 'Stand-in' }] } }
  }
  const isOfDatasets = path.startsWith(DATASETS_PATH) || path.startsWith(DATASET_ITEMS_PATH)
  if (isOfDatasets && !isAllowed(headers.authorization)) return UNAUTHORIZED
  if (isAllowed(headers.authorization)) {
    const answer = deletion(request, server) ?? datasetAnswer(request, server)
    if (answer !== undefined) return answer
  }
  const routes: Record<string, () => ApiAnswer> = {
    [SPANS_PATH]: () => exportSpans(request, spans),
    [SCORES_PATH]: () => createScore(request, scores),
    [INGESTION_PATH]: () => ingest(request, scores),
  }
  const route = routes[path]
  if (route === undefined) return { status: 404, body: { error: 'NotFoundError', message: path } }
  if (method !== 'POST') return { status: 405, body: { message: 'Method not allowed' } }
  if (!isAllowed(headers.authorization)) return UNAUTHORIZED
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

/** What deletes, and the list of scores that goes before it; `undefined` for everything else. */
function deletion(request: ApiRequest, { spans, scores }: Server): ApiAnswer | undefined {
  const { method, path, query, json } = request
  if (method === 'GET' && path === SCORE_LIST_PATH) {
    const sessionId = query.get('sessionId')
    const found = scores.all().filter((score) => score.sessionId === sessionId)
    return { status: 200, body: { data: found.map(({ id }) => ({ id })), meta: {} } }
  }
  if (method !== 'DELETE') return undefined
  if (path === TRACES_PATH && isObject(json)) {
    const traceIds = new Set(listOf(json.traceIds))
    spans.deleteTraces(traceIds)
    scores.deleteWhere(({ traceId }) => traceIds.has(traceId))
    return { status: 200, body: { message: 'Traces deleted successfully' } }
  }
  if (!path.startsWith(`${SCORES_PATH}/`)) return undefined
  const scoreId = path.slice(SCORES_PATH.length + 1)
  scores.deleteWhere(({ id }) => id === scoreId)
  return { status: 202, body: { message: 'Score deletion queued' } }
}

/** Datasets and their items; `undefined` for everything else. */
function datasetAnswer(
  { method, path, json }: ApiRequest,
  { datasets }: Server,
): ApiAnswer | undefined {
  const found = (value: Json | undefined): ApiAnswer =>
    value === undefined
      ? { status: 404, body: { error: 'LangfuseNotFoundError', message: 'not found' } }
      : { status: 200, body: value }
  const named = (prefix: string) => decodeURIComponent(path.slice(prefix.length + 1))
  if (method === 'GET') {
    if (path.startsWith(`${DATASETS_PATH}/`)) return found(datasets.get(named(DATASETS_PATH)))
    if (path.startsWith(`${DATASET_ITEMS_PATH}/`)) {
      return found(datasets.item(named(DATASET_ITEMS_PATH)))
    }
  }
  if (method !== 'POST') return undefined
  if (path === DATASETS_PATH) {
    const made = datasets.create(json)
    return 'error' in made ? badRequest(made.error) : found(made.dataset)
  }
  if (path !== DATASET_ITEMS_PATH) return undefined
  const made = datasets.put(json)
  if ('item' in made) return found(made.item)
  return made.error === 'Dataset not found' ? found(undefined) : badRequest(made.error)
}

/** Of one trace or one session, if the question names it. */
function observations({ query }: ApiRequest, spans: SpanStore): ApiAnswer {
  const traceId = query.get('traceId')
  const sessionId = query.get('sessionId')
  const found = spans
    .all()
    .filter((span) => traceId === null || span.traceId === traceId)
    .filter(({ attributes }) => sessionId === null || attributes['session.id'] === sessionId)
  const data = found.map(({ spanId, traceId, name }) => ({ id: spanId, traceId, name }))
  return { status: 200, body: { data, meta: {} } }
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
