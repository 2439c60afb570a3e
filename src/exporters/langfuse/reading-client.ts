/**
 * What can be read back of Langfuse, for a check that what was sent has arrived. One try a call;
 * every failure is a value.
 */
import type { Result } from '../../domain/result.ts'
import { parseObject } from '../../http/response-json.ts'
import type { NoAnswer } from '../http-verdict.ts'
import type { LangfuseAccess } from './connection.ts'
import { createLangfuseRest, type RestAnswer, rowsOf, textsOf } from './rest.ts'

/** What a server says of itself. */
export interface ServerHealth {
  readonly kind: 'answer'
  readonly status: number
  /** Its version; absent when it is no Langfuse. */
  readonly version: string | undefined
  /** The time that it believes it is, epoch ms. */
  readonly dateMs: number | undefined
}

export interface LangfuseReader {
  /** Asks for no key. */
  health(): Promise<ServerHealth | NoAnswer>
  /**
   * How what was sent is kept: `events` alone (the default of v4), or also in the tables of v3,
   * whose reading API then answers; `unknown` when neither can be told.
   */
  writeMode(): Promise<'events' | 'legacy' | 'unknown'>
  /** The id of the keys' project, which its pages' addresses have in them; undefined when it is not told. */
  projectId(): Promise<string | undefined>
  /** Whether anything of the trace can be read; the error says what was answered instead. */
  hasTrace(traceId: string): Promise<boolean | { readonly error: string }>
}

/** Throws when `baseUrl` is no URL. */
export function createLangfuseReader(access: LangfuseAccess): LangfuseReader {
  const langfuse = createLangfuseRest(access)

  const eventsOf = (request: { readonly traceId?: string; readonly limit: number }) =>
    langfuse.call((api, options) => api.observations.getMany(request, options))

  /** Before v4, and beside it where its server still writes the older tables. */
  const legacyOf = (request: { readonly traceId?: string; readonly limit: number }) =>
    // oxlint-disable-next-line typescript/no-deprecated -- a server of v3 has no other
    langfuse.call((api, options) => api.legacy.observationsV1.getMany(request, options))

  return {
    health: async () => healthOf(await langfuse.call((api, options) => api.health.health(options))),
    writeMode: async () => {
      if (statusOf(await legacyOf({ limit: 1 })) === 200) return 'legacy'
      return statusOf(await eventsOf({ limit: 1 })) === 200 ? 'events' : 'unknown'
    },
    projectId: async () => {
      const answer = await langfuse.call((api, options) => api.projects.get(options))
      // The keys of a project see that one alone.
      const projects = answer.ok ? rowsOf(answer.value.data) : undefined
      return textsOf(projects ?? [], 'id')[0]
    },
    hasTrace: async (traceId) => {
      const question = { traceId, limit: 1 }
      const events = await eventsOf(question)
      return found(statusOf(events) === 404 ? await legacyOf(question) : events)
    },
  }
}

function statusOf(answer: Result<RestAnswer<unknown>, string>): number | undefined {
  return answer.ok ? answer.value.received.status : undefined
}

function healthOf(
  answer: Result<RestAnswer<{ readonly version: string }>, string>,
): ServerHealth | NoAnswer {
  if (!answer.ok) return { kind: 'no_answer', error: answer.error }
  const { received, data } = answer.value
  // One that is not well (503) tells its version, too.
  const version: unknown = (data ?? parseObject(received.body ?? ''))?.version
  const dateMs = Date.parse(received.headers.get('date') ?? '')
  return {
    kind: 'answer',
    status: received.status,
    version: typeof version === 'string' ? version : undefined,
    dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
  }
}

function found(
  answer: Result<RestAnswer<{ readonly data: readonly object[] }>, string>,
): boolean | { readonly error: string } {
  if (!answer.ok) return { error: answer.error }
  const rows = rowsOf(answer.value.data)
  if (rows === undefined) return { error: `HTTP ${answer.value.received.status}` }
  return rows.length > 0
}
