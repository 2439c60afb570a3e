/**
 * Deletes what Langfuse holds of a session: its traces, with their observations and scores, and the
 * scores on the session itself. One try a call; every failure is a value, and no text in it holds
 * a key. Langfuse deletes in the background: what was asked for here may show for minutes.
 */
import { err, ok, type Result } from '../../domain/result.ts'
import { connectTo, type LangfuseAccess } from './connection.ts'
import { errorDetail, isRecord, parseObject } from '../../http/response-json.ts'

export interface LangfuseDeleter {
  /** Trace ids of a session, as far as they can be read by now. */
  traceIdsOf(sessionId: string): Promise<Result<readonly string[], string>>
  deleteTraces(traceIds: readonly string[]): Promise<Result<undefined, string>>
  /** Resolves to how many there were. */
  deleteSessionScores(sessionId: string): Promise<Result<number, string>>
}

const TRACES_PATH = '/api/public/traces'
const SCORES_PATH = '/api/public/scores'
/** The first answers on Langfuse 4, the second on those before it. */
const OBSERVATIONS_PATH = '/api/public/v2/observations'
const SCORE_LIST_PATH = '/api/public/v3/scores'

const PAGE = 1000
const SCORES_PER_PAGE = 100
const LEGACY_PAGE = 100
const MAX_PAGES = 1000
const TRACES_PER_REQUEST = 100

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Throws when `baseUrl` is no URL. */
export function createLangfuseDeleter(access: LangfuseAccess): LangfuseDeleter {
  const langfuse = connectTo(access)

  /** 404 is left to the caller; every other status that is no success is an error. */
  async function ask(
    method: 'GET' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<Result<Answer, string>> {
    const received = await langfuse.ask(path, { method, body: body && JSON.stringify(body) })
    if (!received.ok) return received
    const { status, body: text = '' } = received.value
    if (status !== 404 && (status < 200 || status > 299)) {
      return err(`${langfuse.base} answered HTTP ${status}: ${errorDetail(text)}`)
    }
    return ok({ status, body: parseObject(text) ?? {} })
  }

  /** All pages of a list, by cursor; `undefined` when the server does not know the path. */
  async function list(path: string): Promise<Result<Answer['body'][] | undefined, string>> {
    const found: Answer['body'][] = []
    let more: string | undefined = ''
    for (let page = 0; page < MAX_PAGES && more !== undefined; page += 1) {
      const answer = await ask('GET', `${path}${more}`)
      if (!answer.ok) return answer
      if (answer.value.status === 404) return ok(undefined)
      found.push(...rowsOf(answer.value.body))
      more = nextPageOf(answer.value.body)
    }
    return ok(found)
  }

  async function legacyTraceIds(sessionId: string): Promise<Result<readonly string[], string>> {
    const found: string[] = []
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const query = `?sessionId=${encodeURIComponent(sessionId)}&limit=${LEGACY_PAGE}&page=${page}`
      const answer = await ask('GET', `${TRACES_PATH}${query}`)
      if (!answer.ok) return answer
      if (answer.value.status === 404) return err(`${langfuse.base} has no way to list traces`)
      const ids = textsOf(rowsOf(answer.value.body), 'id')
      found.push(...ids)
      if (ids.length < LEGACY_PAGE) break
    }
    return ok(found)
  }

  return {
    traceIdsOf: async (sessionId) => {
      const query = `?sessionId=${encodeURIComponent(sessionId)}&limit=${PAGE}`
      const listed = await list(`${OBSERVATIONS_PATH}${query}`)
      if (!listed.ok) return listed
      if (listed.value === undefined) return legacyTraceIds(sessionId)
      return ok([...new Set(textsOf(listed.value, 'traceId'))])
    },
    deleteTraces: async (traceIds) => {
      for (let from = 0; from < traceIds.length; from += TRACES_PER_REQUEST) {
        const some = traceIds.slice(from, from + TRACES_PER_REQUEST)
        const answer = await ask('DELETE', TRACES_PATH, { traceIds: some })
        if (!answer.ok) return answer
        if (answer.value.status === 404) return err(`${langfuse.base} has no way to delete traces`)
      }
      return ok(undefined)
    },
    deleteSessionScores: async (sessionId) => {
      const query = `?sessionId=${encodeURIComponent(sessionId)}&limit=${SCORES_PER_PAGE}`
      const listed = await list(`${SCORE_LIST_PATH}${query}`)
      if (!listed.ok) return listed
      const ids = textsOf(listed.value ?? [], 'id')
      for (const id of ids) {
        const answer = await ask('DELETE', `${SCORES_PATH}/${encodeURIComponent(id)}`)
        if (!answer.ok) return answer
      }
      return ok(ids.length)
    },
  }
}

function rowsOf({ data }: Answer['body']): readonly Answer['body'][] {
  return Array.isArray(data) ? data.filter(isRecord) : []
}

/** What asks for the next page; `undefined` on the last one. */
function nextPageOf({ meta }: Answer['body']): string | undefined {
  if (!isRecord(meta) || typeof meta.cursor !== 'string') return undefined
  return `&cursor=${encodeURIComponent(meta.cursor)}`
}

function textsOf(rows: readonly Answer['body'][], name: string): string[] {
  return rows.flatMap((row) => {
    const value = row[name]
    return typeof value === 'string' ? [value] : []
  })
}
