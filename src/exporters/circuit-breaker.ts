/**
 * What is known of a server from the requests of one lane, and when it may be asked next. Does no
 * I/O.
 */
import type { Clock } from '../domain/clock.ts'
import { backoffMs } from './backoff.ts'
import type { Failure } from './exporter.ts'
import type { DeliveryLimits } from './limits.ts'

export type ServerState = 'connected' | 'unreachable' | 'unauthorized'

export interface CircuitBreaker {
  /** `undefined` until the first word from the server. */
  state(): ServerState | undefined
  /** Why it is not connected, or what the server last complained of. */
  lastError(): string | undefined
  /** Deliveries have failed since the last one that was accepted. */
  isFailing(): boolean
  /** The server took what it was sent. Ends the row of failures. */
  accepted(): void
  /** A delivery failed. Returns when the next one may be tried, epoch ms. */
  failed(failure: Failure): number
  /** A probe failed: known, but what arrives now is tried all the same, unless told otherwise. */
  probeFailed(failure: Failure): void
  /** Nothing is left to be tried: what failed before says nothing about now. */
  reset(): void
  /** Until when the server asked to be left alone, epoch ms. */
  retryAtMs(): number
  /** It asked for that before this process began. */
  resume(retryAtMs: number): void
  /** Milliseconds until something may be sent; 0 for immediately. */
  waitMs(): number
  /** Ends a backoff; a wait that the server asked for stays. */
  endBackoff(): void
  /** Milliseconds until what is known of the server is too old to go by. */
  staleInMs(): number
  /** The last failure was one that a second try within seconds will not change. */
  isHopeless(): boolean
}

interface CircuitBreakerDeps {
  readonly clock: Clock
  readonly random: () => number
  readonly limits: DeliveryLimits
  /** Told after everything that may have changed the state. */
  readonly onChange: () => void
}

export function createCircuitBreaker(deps: CircuitBreakerDeps): CircuitBreaker {
  const { clock, random, limits, onChange } = deps
  let state: ServerState | undefined
  let lastFailure: Failure | undefined
  let failures = 0
  let heardMs = Number.NEGATIVE_INFINITY
  /** Not before this, by our own decision and by the server's. */
  let backoffUntilMs = 0
  let retryAtMs = 0

  function note(failure: Failure): void {
    heardMs = clock.now()
    lastFailure = failure
    state = stateOf(failure)
    if (failure.kind === 'unauthorized') backoffUntilMs = heardMs + limits.unauthorizedHoldMs
    else retryAtMs = heardMs + (failure.retryAfterMs ?? 0)
  }

  function forget(): void {
    failures = 0
    backoffUntilMs = 0
    retryAtMs = 0
    lastFailure = undefined
  }

  return {
    state: () => state,
    lastError: () => lastFailure?.reason,
    isFailing: () => failures > 0,
    accepted: () => {
      heardMs = clock.now()
      forget()
      state = 'connected'
      onChange()
    },
    failed: (failure) => {
      failures += 1
      note(failure)
      if (failure.kind === 'retry') backoffUntilMs = heardMs + backoffMs(failures, random, limits)
      onChange()
      return Math.max(backoffUntilMs, retryAtMs)
    },
    probeFailed: (failure) => {
      note(failure)
      onChange()
    },
    reset: () => {
      if (failures === 0) return
      forget()
      state = undefined
      onChange()
    },
    retryAtMs: () => retryAtMs,
    // What lies further ahead was asked for under a clock that has been set back since.
    resume: (untilMs) => {
      retryAtMs = Math.max(retryAtMs, Math.min(untilMs, clock.now() + limits.longestHoldMs))
    },
    waitMs: () => Math.max(0, Math.max(backoffUntilMs, retryAtMs) - clock.now()),
    endBackoff: () => {
      backoffUntilMs = 0
    },
    staleInMs: () => Math.max(0, heardMs + limits.probeMs - clock.now()),
    isHopeless: () =>
      lastFailure?.kind === 'unauthorized' ||
      (lastFailure?.kind === 'retry' && lastFailure.cause === 'absent'),
  }
}

/** A server that asks for patience is there. */
function stateOf(failure: Failure): ServerState {
  if (failure.kind === 'unauthorized') return 'unauthorized'
  return failure.cause === 'throttled' ? 'connected' : 'unreachable'
}
