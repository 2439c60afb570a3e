/** A way to tell people of alerts. Every failure is a value, and no text in it holds a secret. */
import type { QueuedAlert } from '../domain/alert.ts'
import type { Result } from '../domain/result.ts'

export interface ChannelFailure {
  readonly reason: string
  /** What the receiver asked for. */
  readonly retryAfterMs?: number | undefined
}

export interface AlertChannel {
  /** Stays the same over all versions: its queue in the store goes by it. */
  readonly name: 'webhook' | 'slack' | 'mail' | 'desktop' | 'json'
  /** As the log names it. */
  readonly label: string
  /** An address that a Retry-After is kept for; absent where there is none. */
  readonly address?: string
  /** Whether the receiver can be reached; tells nobody anything. The error is a sentence for a person. */
  check(stop: AbortSignal): Promise<Result<undefined, string>>
  /**
   * One try. `nowMs` is for a Retry-After that is a date. Resolves to whom of several it did not reach, as
   * a sentence, or undefined.
   */
  send(
    alert: QueuedAlert,
    nowMs: number,
    stop: AbortSignal,
  ): Promise<Result<string | undefined, ChannelFailure>>
}
