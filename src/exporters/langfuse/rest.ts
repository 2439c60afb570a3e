/**
 * Langfuse's REST API through its own client, which knows paths, parameters and types. How a
 * request travels stays ours (`http/exchange.ts`): one try, a time for the whole of it, a bounded
 * body, no redirect, and keys that the client never sees. Every failure is a value.
 */
import type { LangfuseAPIClient } from '@langfuse/core'
import { err, ok, type Result } from '../../domain/result.ts'
import type { ExchangeOptions, Received } from '../../http/exchange.ts'
import { describeFetchError } from '../../http/fetch-error.ts'
import { isRecord, parseObject } from '../../http/response-json.ts'
import { connectTo, type LangfuseAccess } from './connection.ts'
import { loadSdk, sendingThrough } from './sdk.ts'

/**
 * For every call. The client's own retries are off, because delivery retries. Its timer would outlive
 * a request that failed, so it ends at once: the exchange keeps the time and ignores the client's signal.
 */
const ONE_TRY = { maxRetries: 0, timeoutInSeconds: 0 } as const

export interface RestAnswer<T> {
  readonly received: Received
  /**
   * The body of a 2xx when it is a whole JSON object. Nobody has checked it against its type: a
   * server that is not Langfuse, or another version, may leave out or change any part of it.
   */
  readonly data: T | undefined
}

/** One request by one method of the client. */
export type RestRequest<T> = (api: LangfuseAPIClient, options: typeof ONE_TRY) => PromiseLike<T>

export interface LangfuseRest {
  /** Origin and path of the server, for messages. */
  readonly base: string
  /** The error says why there is no answer. */
  call<T>(
    request: RestRequest<T>,
    own?: Pick<ExchangeOptions, 'stop' | 'maxBytes'>,
  ): Promise<Result<RestAnswer<T>, string>>
}

export interface LangfuseRestOptions extends LangfuseAccess {
  /** For each request. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Throws when `baseUrl` is no URL. */
export function createLangfuseRest({ headers = {}, ...access }: LangfuseRestOptions): LangfuseRest {
  const connection = connectTo(access)
  const { base } = connection
  let api: LangfuseAPIClient | undefined

  return {
    base,
    call: async <T>(
      request: RestRequest<T>,
      own?: Pick<ExchangeOptions, 'stop' | 'maxBytes'>,
    ): Promise<Result<RestAnswer<T>, string>> => {
      // The client throws on each status that is no success: what came is noted here.
      const noted: { received?: Result<Received, string> } = {}
      const send = async (...[input, init = {}]: Parameters<typeof fetch>): Promise<Response> => {
        const { method, headers: set, body } = init
        noted.received = await connection.ask(
          pathOf(input, base),
          { method, headers: { ...Object.fromEntries(new Headers(set)), ...headers }, body },
          own,
        )
        if (!noted.received.ok) throw new Error(noted.received.error)
        return responseOf(noted.received.value)
      }
      try {
        api ??= new (await loadSdk()).LangfuseAPIClient({ environment: base })
        const client = api
        return await sendingThrough(send, () =>
          request(client, ONE_TRY).then((data) => answerOf(noted.received, data, base)),
        )
      } catch (error) {
        if (noted.received === undefined) return err(`${base}: ${describeFetchError(error)}`)
        return answerOf<T>(noted.received, undefined, base)
      }
    },
  }
}

function pathOf(input: Parameters<typeof fetch>[0], base: string): string {
  const url = input instanceof Request ? input.url : String(input)
  if (url.startsWith(`${base}/`)) return url.slice(base.length)
  throw new Error(`not sent, for it is not below ${base}: ${url}`)
}

/** What the client is given to read. */
function responseOf({ status, headers, body }: Received): Response {
  const isEmpty = status === 204 || status === 205 || status === 304
  return new Response(isEmpty ? null : (body ?? null), { status, headers })
}

function answerOf<T>(
  received: Result<Received, string> | undefined,
  data: T | undefined,
  base: string,
): Result<RestAnswer<T>, string> {
  if (received === undefined) return err(`${base}: the Langfuse client sent no request`)
  if (!received.ok) return received
  const { status, body = '' } = received.value
  // The client also counts a 3xx as success, and hands on what it cannot parse as if it were data.
  const isReadable = status >= 200 && status < 300 && parseObject(body) !== undefined
  return ok({ received: received.value, data: isReadable ? data : undefined })
}

/** The rows of a list; `undefined` when it is none. */
export function rowsOf<Row extends object>(
  list: { readonly data: readonly Row[] } | undefined,
): readonly Row[] | undefined {
  const rows: unknown = list?.data
  return Array.isArray(rows) ? rows.filter((row): row is Row => isRecord(row)) : undefined
}

/** A field of each row that has a text there. */
export function textsOf<Row extends object>(rows: readonly Row[], name: keyof Row): string[] {
  return rows.flatMap((row) => {
    const value: unknown = row[name]
    return typeof value === 'string' ? [value] : []
  })
}
