/**
 * What a store needs from time to time: the bounds of its outbox and its size every minute and
 * whenever the log has grown, retention at the start and once a day, and the rest of deletions that
 * were begun. Always in slices with pauses between them, so that records never wait for more than a
 * slice. A slice that fails is tried again with the next round.
 */
import type { Clock, Timer } from '../../domain/clock.ts'
import type { FreePages } from './free-pages.ts'
import type { Upkeep } from '../store.ts'
import { createBoundTally } from '../outbox-bound-tally.ts'
import type { StoreLog } from '../store-log.ts'
import type { ForwardedItems } from './forwarded-items.ts'
import type { OutboxLeftovers } from './outbox-leftovers.ts'
import type { OutboxLimits } from './outbox-limits.ts'
import type { SqliteQuarantine } from './quarantine.ts'
import type { Retention } from './retention.ts'
import type { SearchRows } from './search-rows.ts'
import type { SessionDeletion } from './session-deletion.ts'
import type { SizeBound } from './size-bound.ts'
import type { TraceRows } from './trace-rows.ts'
import type { Write } from './writer.ts'

interface UpkeepDeps {
  readonly limits: OutboxLimits
  readonly leftovers: OutboxLeftovers
  readonly deletion: Pick<SessionDeletion, 'sweep'>
  readonly sizeBound: Pick<SizeBound, 'enforce'>
  readonly retention: Retention
  readonly quarantine: Pick<SqliteQuarantine, 'expire'>
  readonly forwarded: Pick<ForwardedItems, 'expire'>
  readonly traces: Pick<TraceRows, 'expire'>
  readonly pages: Pick<FreePages, 'shrink'>
  readonly search: Pick<SearchRows, 'catchUp'>
  readonly write: Write
  /** Told when there is nothing more to do for now. */
  readonly onRest: () => void
  /** 0 keeps for ever. */
  readonly retentionMs: number
  readonly clock: Clock
  readonly log: StoreLog
}

const ROUND_MS = 60_000
const DAY_MS = 86_400_000
const PAUSE_MS = 20

export interface RunningUpkeep extends Upkeep {
  /** Begins a round now, unless one is under way. */
  wake(): void
  stop(): void
}

/** The upkeep, and how to end it. */
export function createUpkeep(deps: UpkeepDeps): RunningUpkeep {
  const { limits, leftovers, deletion, sizeBound, retention, quarantine, forwarded } = deps
  const { traces, pages, search, write, onRest, retentionMs, clock, log } = deps
  let timer: Timer | undefined
  /** Between two rounds. */
  let isResting = false
  let stopped = false
  let isPruning = false
  let prunedMs = Number.NEGATIVE_INFINITY
  const tally = createBoundTally(log)

  /** Each is one slice of work, and says whether there is more. */
  const slices: readonly (() => boolean)[] = [
    () => tally(limits.enforce(clock.now())),
    () => leftovers.sweep(),
    () => deletion.sweep(),
    prune,
    () => sizeBound.enforce(clock.now()),
    () => quarantine.expire(clock.now()),
    () => forwarded.expire(clock.now()),
    () => traces.expire(clock.now()),
    () => pages.shrink(),
    () => search.catchUp(),
  ]

  function prune(): boolean {
    const nowMs = clock.now()
    // A clock that was set back must not put retention off until it is there again.
    const isDue = nowMs - prunedMs >= Math.min(DAY_MS, retentionMs) || nowMs < prunedMs
    if (retentionMs === 0 || !(isDue || isPruning)) return false
    if (!isPruning) retention.begin(nowMs)
    isPruning = retention.prune(nowMs - retentionMs)
    if (!isPruning) prunedMs = nowMs
    return isPruning
  }

  async function work(): Promise<void> {
    isResting = false
    const more = await workOnce()
    isResting = !more
    if (isResting) onRest()
    after(more ? PAUSE_MS : ROUND_MS)
  }

  async function workOnce(): Promise<boolean> {
    try {
      for (const slice of slices) {
        if (await write(() => !stopped && slice())) return true
      }
    } catch (error) {
      log.error({ err: error }, 'store maintenance failed, retrying')
    }
    return false
  }

  function after(delayMs: number): void {
    if (!stopped) timer = clock.setTimer(() => void work(), delayMs)
  }

  return {
    start: () => after(0),
    dropped: async () => limits.dropped(),
    wake: () => {
      if (!isResting) return
      isResting = false
      timer?.cancel()
      after(0)
    },
    stop: () => {
      stopped = true
      timer?.cancel()
    },
  }
}
