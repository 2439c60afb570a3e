/**
 * What a store needs from time to time: the bounds of its outbox every minute, retention at the
 * start and once a day. Always in slices with pauses between them, so that records never wait for
 * more than a slice. A slice that fails is tried again with the next round.
 */
import type { Clock, Timer } from '../domain/clock.ts'
import type { StoreLog } from './log.ts'
import type { OutboxLimits } from './outbox-limits.ts'
import type { Retention } from './retention.ts'

export interface Upkeep {
  /** Begins the rounds, the first at once. */
  start(): void
  /** Items of the outbox that were deleted for want of room, ever. */
  dropped(): number
}

interface UpkeepDeps {
  readonly retention: Retention
  readonly limits: OutboxLimits
  /** 0 keeps for ever. */
  readonly retentionMs: number
  readonly clock: Clock
  readonly log: StoreLog
}

const ROUND_MS = 60_000
const DAY_MS = 86_400_000
const PAUSE_MS = 20

/** The upkeep, and how to end it. */
export function createUpkeep(deps: UpkeepDeps): Upkeep & { stop(): void } {
  const { retention, limits, retentionMs, clock, log } = deps
  let timer: Timer | undefined
  let stopped = false
  let prunedMs = Number.NEGATIVE_INFINITY
  let expired = 0
  let dropped = 0

  /** Each is one slice of work, and says whether there is more. */
  const slices: readonly (() => boolean)[] = [bound, prune, () => retention.shrink()]

  function bound(): boolean {
    const slice = limits.enforce(clock.now())
    expired += slice.expired
    dropped += slice.dropped
    if (slice.more) return true
    if (expired + dropped > 0) {
      const message =
        'the outbox reached its limits: expired items wait as dead, dropped ones are gone'
      log.error({ expired, dropped }, message)
    }
    expired = 0
    dropped = 0
    return false
  }

  function prune(): boolean {
    const nowMs = clock.now()
    // A clock that was set back must not put retention off until it is there again.
    const isDue = nowMs - prunedMs >= Math.min(DAY_MS, retentionMs) || nowMs < prunedMs
    if (retentionMs === 0 || !isDue) return false
    if (retention.prune(nowMs - retentionMs)) return true
    prunedMs = nowMs
    return false
  }

  function work(): void {
    after(workOnce() ? PAUSE_MS : ROUND_MS)
  }

  function workOnce(): boolean {
    try {
      return slices.some((slice) => slice())
    } catch (error) {
      log.error({ err: error }, 'upkeep of the store failed, it is tried again')
      return false
    }
  }

  function after(delayMs: number): void {
    if (!stopped) timer = clock.setTimer(work, delayMs)
  }

  return {
    start: () => after(0),
    dropped: () => limits.dropped(),
    stop: () => {
      stopped = true
      timer?.cancel()
    },
  }
}
