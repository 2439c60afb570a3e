/**
 * Deletes what Langfuse holds of a session: its traces, with their observations and scores, and the
 * scores on the session itself. One try a call; every failure is a value, and no text in it holds
 * a key. Langfuse deletes in the background: what was asked for here may show for minutes.
 */
import { err, ok, type Result } from '../../domain/result.ts'
import { errorDetail, isRecord } from '../../http/response-json.ts'
import type { LangfuseAccess } from './connection.ts'
import { createLangfuseRest, type RestRequest, rowsOf, textsOf } from './rest.ts'

export interface LangfuseDeleter {
  /** Trace ids of a session, as far as they can be read by now. */
  traceIdsOf(sessionId: string): Promise<Result<readonly string[], string>>
  deleteTraces(traceIds: readonly string[]): Promise<Result<undefined, string>>
  /** Resolves to how many there were; `undefined` when the server has no list of them, and they stay. */
  deleteSessionScores(sessionId: string): Promise<Result<number | undefined, string>>
}

const PAGE = 1000
const SCORES_PER_PAGE = 100
const LEGACY_PAGE = 100
const MAX_PAGES = 1000
const TRACES_PER_REQUEST = 100
/** A page of observations has up to 1 KB a row, a trace of v3 its whole input and output. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024

/** As both lists with a cursor have it; the last page has none. */
interface Page<Row> {
  readonly data: readonly Row[]
  readonly meta: { readonly cursor?: string }
}

/** Throws when `baseUrl` is no URL. */
export function createLangfuseDeleter(access: LangfuseAccess): LangfuseDeleter {
  const langfuse = createLangfuseRest(access)
  const { base } = langfuse

  /** `undefined` at a 404, which is left to the caller; every other status that is no success is an error. */
  async function ask<T>(
    request: RestRequest<T>,
    maxBytes?: number,
  ): Promise<Result<{ readonly data: T | undefined } | undefined, string>> {
    const answer = await langfuse.call(request, { maxBytes })
    if (!answer.ok) return answer
    const { received, data } = answer.value
    const { status, body = '' } = received
    if (status === 404) return ok(undefined)
    if (status >= 200 && status < 300) return ok({ data })
    return err(`${base} answered HTTP ${status}: ${errorDetail(body)}`)
  }

  /** One page, as it can be relied on; `undefined` when the server does not know the path. */
  async function pageOf<Row extends object>(
    request: RestRequest<{ readonly data: readonly Row[]; readonly meta: object }>,
  ): Promise<
    Result<{ readonly rows: readonly Row[]; readonly cursor?: string } | undefined, string>
  > {
    const answer = await ask(request, MAX_PAGE_BYTES)
    if (!answer.ok) return answer
    if (answer.value === undefined) return ok(undefined)
    const { data } = answer.value
    const rows = rowsOf(data)
    // Nothing may be called deleted that was merely not read.
    if (rows === undefined) return err(`${base} answered with a list that cannot be read`)
    const meta: Readonly<Record<string, unknown>> = isRecord(data?.meta) ? data.meta : {}
    const cursor = meta.cursor ?? undefined
    if (cursor === undefined) return ok({ rows })
    if (typeof cursor !== 'string') return err(`${base} answered with a cursor that is no text`)
    return ok({ rows, cursor })
  }

  const unread = (what: string) => err(`${base} answered with ${what}: not all of it was read`)

  /**
   * All pages of a list, by cursor; `undefined` when the server does not know the path. An error when
   * the end is not reached.
   */
  async function list<Row extends object>(
    request: (cursor: { readonly cursor?: string }) => RestRequest<Page<Row>>,
  ): Promise<Result<readonly Row[] | undefined, string>> {
    const found: Row[] = []
    const cursors = new Set<string>()
    let from: { readonly cursor?: string } = {}
    for (let count = 0; count < MAX_PAGES; count += 1) {
      const page = await pageOf(request(from))
      if (!page.ok) return page
      if (page.value === undefined) return ok(undefined)
      const { rows, cursor } = page.value
      found.push(...rows)
      if (cursor === undefined) return ok(found)
      if (cursors.has(cursor)) return unread('the same cursor again')
      cursors.add(cursor)
      from = { cursor }
    }
    return unread(`more than ${MAX_PAGES} pages`)
  }

  /** Before Langfuse 4. */
  async function legacyTraceIds(sessionId: string): Promise<Result<readonly string[], string>> {
    const found: string[] = []
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const question = { sessionId, limit: LEGACY_PAGE, page, fields: 'core' }
      // oxlint-disable-next-line typescript/no-deprecated -- a server of v3 has no other
      const answer = await pageOf((api, options) => api.trace.list(question, options))
      if (!answer.ok) return answer
      if (answer.value === undefined) return err(`${base} has no way to list traces`)
      const { rows } = answer.value
      found.push(...textsOf(rows, 'id'))
      if (rows.length < LEGACY_PAGE) return ok(found)
    }
    return unread(`more than ${MAX_PAGES} pages`)
  }

  return {
    traceIdsOf: async (sessionId) => {
      const question = { sessionId, limit: PAGE, fields: 'core' }
      const listed = await list(
        (cursor) => (api, options) => api.observations.getMany({ ...question, ...cursor }, options),
      )
      if (!listed.ok) return listed
      if (listed.value === undefined) return legacyTraceIds(sessionId)
      return ok([...new Set(textsOf(listed.value, 'traceId'))])
    },
    deleteTraces: async (traceIds) => {
      for (let from = 0; from < traceIds.length; from += TRACES_PER_REQUEST) {
        const some = { traceIds: traceIds.slice(from, from + TRACES_PER_REQUEST) }
        const answer = await ask((api, options) => api.trace.deleteMultiple(some, options))
        if (!answer.ok) return answer
        if (answer.value === undefined) return err(`${base} has no way to delete traces`)
      }
      return ok(undefined)
    },
    deleteSessionScores: async (sessionId) => {
      const question = { sessionId, limit: SCORES_PER_PAGE }
      const listed = await list(
        (cursor) => (api, options) => api.scoresV3.getManyV3({ ...question, ...cursor }, options),
      )
      if (!listed.ok) return listed
      if (listed.value === undefined) return ok(undefined)
      const ids = textsOf(listed.value, 'id')
      for (const id of ids) {
        const answer = await ask((api, options) => api.legacy.scoreV1.delete(id, options))
        if (!answer.ok) return answer
      }
      return ok(ids.length)
    },
  }
}
