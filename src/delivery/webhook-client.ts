/**
 * Posts to the webhook of budgets: one try a call. Every failure is a value, and no text in it
 * holds the address, which may be a secret beyond its host. Redirects are not followed: they would
 * carry the message to another host.
 */
import { err, ok, type Result } from '../domain/result.ts'
import { createDeadline } from '../langfuse/deadline.ts'
import { createRedactor } from '../langfuse/redactor.ts'
import { describeFetchError, readBody } from '../langfuse/response-body.ts'
import { retryAfterMs } from '../langfuse/retry-after.ts'
import type { WebhookMessage } from './webhook-message.ts'

export interface WebhookFailure {
  readonly reason: string
  /** What the receiver asked for. */
  readonly retryAfterMs?: number | undefined
}

export interface WebhookClient {
  /** `nowMs` is for a Retry-After that is a date. */
  post(
    message: WebhookMessage,
    nowMs: number,
    stop: AbortSignal,
  ): Promise<Result<undefined, WebhookFailure>>
}

export interface WebhookClientOptions {
  readonly url: string
  /** For the whole exchange. */
  readonly timeoutMs: number
}

/** Of the answer, in the log. */
const MAX_EXCERPT = 200

/** Throws when `url` is no URL. */
export function createWebhookClient({ url, timeoutMs }: WebhookClientOptions): WebhookClient {
  const { host, pathname, search } = new URL(url)
  const path = `${pathname}${search}`
  const redact = createRedactor([url, path === '/' ? '' : path])

  return {
    post: async (message, nowMs, stop) => {
      const deadline = createDeadline(timeoutMs, stop)
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(message),
          redirect: 'manual',
          signal: deadline.signal,
        })
        const body = await readBody(response)
        if (response.ok) return ok(undefined)
        const excerpt = redact(body ?? '')
          .trim()
          .slice(0, MAX_EXCERPT)
        return err({
          reason: `${host}: HTTP ${response.status}${excerpt && `: ${excerpt}`}`,
          retryAfterMs: retryAfterMs(response.headers.get('retry-after') ?? undefined, nowMs),
        })
      } catch (error) {
        const cause = deadline.isOver()
          ? `no answer within ${timeoutMs} ms`
          : redact(describeFetchError(error))
        return err({ reason: `${host}: ${cause}` })
      } finally {
        deadline.clear()
      }
    },
  }
}
