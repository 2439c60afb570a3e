/**
 * One HTTP exchange: a request and its whole answer within a time. Redirects are not followed: they
 * would carry keys and data to another host. Every failure is a value, and no text of it holds what
 * the caller has redacted.
 */
import { describeFetchError } from '../domain/fetch-error.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { createDeadline } from './deadline.ts'
import { readBody } from './response-body.ts'

export interface ExchangeOptions {
  /** The other side, in the text of a failure. */
  readonly name: string
  /** For the whole exchange, the answer's body included. */
  readonly timeoutMs: number
  readonly redact: (text: string) => string
  readonly stop?: AbortSignal | undefined
  readonly fetch?: typeof fetch | undefined
}

/** An answer as far as it arrived. */
export interface Received {
  readonly status: number
  readonly headers: Headers
  /** `undefined` when the connection broke, or the time was up, before the body was whole. */
  readonly body: string | undefined
}

/** The answer, or why there is none. */
export async function exchange(
  url: string,
  request: Omit<RequestInit, 'redirect' | 'signal'>,
  { name, timeoutMs, redact, stop, fetch: send = fetch }: ExchangeOptions,
): Promise<Result<Received, string>> {
  const deadline = createDeadline(timeoutMs, stop)
  try {
    const response = await send(url, { ...request, redirect: 'manual', signal: deadline.signal })
    const body = await readBody(response)
    const { status, headers } = response
    return ok({ status, headers, body: body === undefined ? undefined : redact(body) })
  } catch (error) {
    const cause = deadline.isOver()
      ? `no answer within ${timeoutMs} ms`
      : redact(describeFetchError(error))
    return err(`${name}: ${cause}`)
  } finally {
    deadline.clear()
  }
}
