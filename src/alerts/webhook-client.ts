/**
 * Posts JSON to a webhook: one try a call. Every failure is a value, and no text in it
 * holds the address, which may be a secret beyond its host. Redirects are not followed: they would
 * carry the message to another host.
 */
import { jsonText } from '../domain/numbers.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { createRedactor, exchange } from '../http/exchange.ts'
import { retryAfterMs } from '../http/retry-after.ts'
import type { ChannelFailure } from './channel.ts'

export interface WebhookClient {
  /** Whether the server answers: any answer will do, since few take anything but a message. */
  readonly check: (stop: AbortSignal) => Promise<Result<undefined, string>>
  /** `nowMs` is for a Retry-After that is a date. */
  post(
    message: unknown,
    nowMs: number,
    stop: AbortSignal,
  ): Promise<Result<undefined, ChannelFailure>>
}

export interface WebhookClientOptions {
  readonly url: string
  /** Beside that of the content; no value of them is in any text. */
  readonly headers?: Readonly<Record<string, string>>
  /** For the whole exchange. */
  readonly timeoutMs: number
}

/** Of the answer, in the log. */
const MAX_EXCERPT = 200

/** Throws when `url` is no URL. */
export function createWebhookClient({
  url,
  headers: given = {},
  timeoutMs,
}: WebhookClientOptions): WebhookClient {
  const { host, pathname, search } = new URL(url)
  const path = `${pathname}${search}`
  const redact = createRedactor([url, path === '/' ? '' : path, ...Object.values(given)])

  return {
    check: async (stop) => {
      const answered = await exchange(
        url,
        { method: 'HEAD' },
        { name: host, timeoutMs, redact, stop },
      )
      return answered.ok ? ok(undefined) : answered
    },
    post: async (message, nowMs, stop) => {
      const received = await exchange(
        url,
        {
          method: 'POST',
          headers: { ...given, 'content-type': 'application/json' },
          body: jsonText(message),
        },
        { name: host, timeoutMs, redact, stop },
      )
      if (!received.ok) return err({ reason: received.error })
      const { status, headers, body = '' } = received.value
      if (status >= 200 && status < 300) return ok(undefined)
      const excerpt = body.trim().slice(0, MAX_EXCERPT)
      return err({
        reason: `${host}: HTTP ${status}${excerpt && `: ${excerpt}`}`,
        retryAfterMs: retryAfterMs(headers.get('retry-after') ?? undefined, nowMs),
      })
    },
  }
}
