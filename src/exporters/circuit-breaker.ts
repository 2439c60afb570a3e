/**
 * What is known of Langfuse, and when it may be spoken to next. One for the whole delivery: the
 * endpoint is one, so what it says to one item holds for all. Does no I/O.
 */
import type { Clock } from '../domain/clock.ts'
import type { Failure } from './langfuse/verdict.ts'
import { backoffMs } from './backoff.ts'
import type { DeliveryLimits } from './limits.ts'
import type { DeliveryLog } from './limits.ts'

export type LangfuseState = 'connected' | 'unreachable' | 'unauthorized'

export interface Destination {
  /** `unreachable` until the first word from it. */
  state(): LangfuseState
  /** Why it is not connected, or what it last complained of. */
  lastError(): string | undefined
  /** It took what it was sent. Ends the row of failures. */
  accepted(): void
  /** A delivery failed. Returns when the next one may be tried, epoch ms. */
  failed(failure: Failure): number
  /** A probe failed: known, but what arrives now is tried all the same, unless told otherwise. */
  probeFailed(failure: Failure): void
  /** Until when it asked to be left alone, epoch ms. */
  orderedUntilMs(): number
  /** It asked for that before this process began. */
  resume(orderedUntilMs: number): void
  /** Milliseconds until something may be sent; 0 when at once. */
  waitMs(): number
  /** Ends a wait of our own choosing; one the server asked for stays. */
  lift(): void
  /** Milliseconds until its state needs asking for. */
  freshMs(): number
  /** The last failure was one that a second try within seconds will not change. */
  isHopeless(): boolean
}

interface DestinationDeps {
  readonly clock: Clock
  readonly random: () => number
  readonly limits: DeliveryLimits
  readonly log: DeliveryLog
}

export function createDestination({ clock, random, limits, log }: DestinationDeps): Destination {
  let state: LangfuseState | undefined
  let lastFailure: Failure | undefined
  let failures = 0
  let heardMs = Number.NEGATIVE_INFINITY
  /** Not before this, by our own decision and by the server's. */
  let chosenMs = 0
  let orderedMs = 0

  function become(next: LangfuseState): void {
    if (next === state) return
    state = next
    if (next === 'connected') log.info({}, 'Langfuse connected')
    else log.warn({ reason: lastFailure?.reason }, `Langfuse ${next}`)
  }

  function note(failure: Failure): void {
    const now = clock.now()
    heardMs = now
    lastFailure = failure
    become(stateOf(failure))
    if (failure.kind === 'unauthorized') chosenMs = now + limits.unauthorizedHoldMs
    else orderedMs = now + (failure.retryAfterMs ?? 0)
  }

  return {
    state: () => state ?? 'unreachable',
    lastError: () => lastFailure?.reason,
    accepted: () => {
      heardMs = clock.now()
      failures = 0
      chosenMs = 0
      orderedMs = 0
      lastFailure = undefined
      become('connected')
    },
    failed: (failure) => {
      failures += 1
      note(failure)
      if (failure.kind === 'retry') chosenMs = heardMs + backoffMs(failures, random, limits)
      return Math.max(chosenMs, orderedMs)
    },
    probeFailed: note,
    orderedUntilMs: () => orderedMs,
    // What lies further ahead was asked for under a clock that has been set back since.
    resume: (untilMs) => {
      orderedMs = Math.max(orderedMs, Math.min(untilMs, clock.now() + limits.longestHoldMs))
    },
    waitMs: () => Math.max(0, Math.max(chosenMs, orderedMs) - clock.now()),
    lift: () => {
      chosenMs = 0
    },
    freshMs: () => Math.max(0, heardMs + limits.probeMs - clock.now()),
    isHopeless: () =>
      lastFailure?.kind === 'unauthorized' ||
      (lastFailure?.kind === 'retry' && lastFailure.cause === 'absent'),
  }
}

/** Someone who asks for patience is there. */
function stateOf(failure: Failure): LangfuseState {
  if (failure.kind === 'unauthorized') return 'unauthorized'
  return failure.cause === 'throttled' ? 'connected' : 'unreachable'
}
