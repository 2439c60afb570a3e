/**
 * What can be read back of Langfuse, for a check that what was sent has arrived. One try a call;
 * every failure is a value.
 */
import { connectTo, type LangfuseAccess } from './connection.ts'
import { type HttpOutcome, outcomeOf } from '../http-verdict.ts'
import { isRecord, parseObject } from '../../http/response-json.ts'

/** An answer, with the time that its server believes it is, epoch ms. */
export type ReadOutcome = HttpOutcome & { readonly dateMs?: number | undefined }

export interface LangfuseReader {
  /** The server's health, which tells its version; asks for no key. */
  health(): Promise<ReadOutcome>
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

const HEALTH_PATH = '/api/public/health'
const PROJECTS_PATH = '/api/public/projects'
const LEGACY_PATH = '/api/public/observations'
const EVENTS_PATH = '/api/public/v2/observations'

/** Throws when `baseUrl` is no URL. */
export function createLangfuseReader(access: LangfuseAccess): LangfuseReader {
  const langfuse = connectTo(access)

  async function get(path: string): Promise<ReadOutcome> {
    const received = await langfuse.ask(path)
    const dateMs = received.ok ? Date.parse(received.value.headers.get('date') ?? '') : Number.NaN
    return { ...outcomeOf(received), dateMs: Number.isNaN(dateMs) ? undefined : dateMs }
  }

  const statusOf = async (path: string): Promise<number> => {
    const outcome = await get(path)
    return outcome.kind === 'answer' ? outcome.status : 0
  }

  return {
    health: () => get(HEALTH_PATH),
    writeMode: async () => {
      if ((await statusOf(`${LEGACY_PATH}?limit=1`)) === 200) return 'legacy'
      return (await statusOf(`${EVENTS_PATH}?limit=1`)) === 200 ? 'events' : 'unknown'
    },
    projectId: async () => projectIdOf(await get(PROJECTS_PATH)),
    hasTrace: async (traceId) => {
      const query = `?traceId=${traceId}&limit=1`
      const newer = await get(`${EVENTS_PATH}${query}`)
      // Servers before v4 may know the older path only.
      const isUnknown = newer.kind === 'answer' && newer.status === 404
      return found(isUnknown ? await get(`${LEGACY_PATH}${query}`) : newer)
    },
  }
}

function found(outcome: ReadOutcome): boolean | { readonly error: string } {
  if (outcome.kind === 'no_answer') return { error: outcome.error }
  const body = parseObject(outcome.body ?? '')
  if (outcome.status !== 200 || !isRecord(body) || !Array.isArray(body.data)) {
    return { error: `HTTP ${outcome.status}` }
  }
  return body.data.length > 0
}

/** The keys of a project see that one alone. */
function projectIdOf(outcome: ReadOutcome): string | undefined {
  if (outcome.kind === 'no_answer' || outcome.status !== 200) return undefined
  const { data } = parseObject(outcome.body ?? '') ?? {}
  const first: unknown = Array.isArray(data) ? data[0] : undefined
  return isRecord(first) && typeof first.id === 'string' ? first.id : undefined
}
