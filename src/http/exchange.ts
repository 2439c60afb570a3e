/**
 * One HTTP exchange: a request and its whole answer within a time. Redirects are not followed: they
 * would carry keys and data to another host. Every failure is a value, and no text of it holds what
 * the caller has redacted.
 */
import { describeFetchError } from './fetch-error.ts'
import { err, ok, type Result } from '../domain/result.ts'

export interface ExchangeOptions {
  /** The other side, in the text of a failure. */
  readonly name: string
  /** For the whole exchange, the answer's body included. */
  readonly timeoutMs: number
  readonly redact: (text: string) => string
  readonly stop?: AbortSignal | undefined
  readonly fetch?: typeof fetch | undefined
  /** Of the answer's body as text; `latin1` keeps every byte as a character. */
  readonly encoding?: 'utf8' | 'latin1' | undefined
  /** Where the answer's body is cut off; 64 KiB unless said. */
  readonly maxBytes?: number | undefined
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
  { name, timeoutMs, redact, stop, fetch: send = fetch, encoding, maxBytes }: ExchangeOptions,
): Promise<Result<Received, string>> {
  const deadline = createDeadline(timeoutMs, stop)
  try {
    const response = await send(url, { ...request, redirect: 'manual', signal: deadline.signal })
    const body = await readBody(response, encoding, maxBytes)
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

// The end of one request: its time is up, or the caller stops. Unlike `AbortSignal.timeout` and
// `AbortSignal.any` it leaves nothing behind once cleared; those keep a timer and two signals for
// the whole timeout of every request that was answered long ago.

export interface Deadline {
  readonly signal: AbortSignal
  /** True when the time was up, false while it runs or when the caller stopped. */
  isOver(): boolean
  clear(): void
}

export function createDeadline(timeoutMs: number, stop: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  let over = false
  const timer = setTimeout(() => {
    over = true
    controller.abort()
  }, timeoutMs)
  const abort = () => controller.abort(stop?.reason)
  if (stop?.aborted) abort()
  else stop?.addEventListener('abort', abort)

  return {
    signal: controller.signal,
    isOver: () => over,
    clear: () => {
      clearTimeout(timer)
      stop?.removeEventListener('abort', abort)
    },
  }
}

// Reading what came back of a request, in bounds.

/** Langfuse's answers are a few hundred bytes; what is longer is somebody else's. */
const MAX_BYTES = 65_536

/**
 * The body's text, cut off at a bound; `undefined` when the connection broke or the time was up
 * before its end.
 */
export async function readBody(
  response: Response,
  encoding: 'utf8' | 'latin1' = 'utf8',
  maxBytes = MAX_BYTES,
): Promise<string | undefined> {
  if (response.body === null) return ''
  const stream: AsyncIterable<Uint8Array> = response.body
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      bytes += chunk.byteLength
      if (bytes > maxBytes) break
    }
  } catch {
    return undefined
  }
  return Buffer.concat(chunks).toString(encoding, 0, maxBytes)
}

// Keeps secrets out of texts that end in logs, in /health or in the store: a server's error page
// may well repeat the request it did not like.

/** A function that replaces every one of `secrets` in a text. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const present = secrets.filter((secret) => secret !== '')
  return (text) => present.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
}
