/**
 * The bound on the size of the whole store, for a disk that it shares with others. Beyond it the
 * closed sessions written longest ago are deleted, in slices, until a tenth of it is free again, so
 * that this does not begin anew with every record. Open sessions stay, and so do those of which
 * something waits to be delivered: where only such are left, that is said, and tried again later.
 */
import type { StoreSize } from '../store.ts'
import type { StoreLog } from '../store-log.ts'
import type { OldestSessions } from './oldest-sessions.ts'
import type { SessionDeletion } from './session-deletion.ts'
import type { Totals } from './totals.ts'

export interface SizeBound {
  /** One slice; true while there may be more to do now. */
  enforce(nowMs: number): boolean
  /** Does not throw: what cannot be read is undefined. */
  size(): StoreSize
}

interface SizeBoundDeps {
  /** 0 is no limit. */
  readonly maxBytes: number
  /** Of the pages in use. */
  readonly usedBytes: () => number
  /** Of the write-ahead log; undefined when it cannot be read. */
  readonly logBytes: () => number | undefined
  /**
   * What the log takes while nothing is wrong, and as much of it as counts. A deletion makes it
   * longer at first, and a reader that goes on for hours does: sessions cannot make up for that.
   */
  readonly usualLogBytes: number
  readonly oldest: OldestSessions
  readonly deletion: Pick<SessionDeletion, 'sweep'>
  readonly totals: Totals
  readonly log: StoreLog
}

/** Of the bound: once it is exceeded, sessions are deleted down to this. */
const LOW_WATER = 0.9
/** Until a store that is full of what waits for delivery is looked through again. */
const FULL_RETRY_MS = 300_000

export function createSizeBound(deps: SizeBoundDeps): SizeBound {
  const { maxBytes, usedBytes, logBytes, usualLogBytes, oldest, deletion, totals, log } = deps
  let isDeleting = false
  let isFull = false
  let waitingSessions = 0
  let dropped = 0
  let droppedEver = totals.get('sessions_dropped')
  let retryAtMs = Number.NEGATIVE_INFINITY

  const used = (): number => usedBytes() + Math.min(logBytes() ?? 0, usualLogBytes)

  function readableSize(): number | undefined {
    const walBytes = logBytes()
    try {
      return walBytes === undefined ? undefined : usedBytes() + walBytes
    } catch {
      return undefined
    }
  }

  /** True when there is something to delete. */
  function begin(nowMs: number): boolean {
    if (used() <= maxBytes) isFull = false
    else if (nowMs >= retryAtMs) {
      oldest.begin(nowMs)
      isDeleting = true
    }
    return isDeleting
  }

  function goOn(nowMs: number): boolean {
    if (oldest.look()) return true
    let found = 0
    const more = deletion.sweep(() => {
      if (used() <= LOW_WATER * maxBytes) return undefined
      const next = oldest.next(Number.MAX_VALUE)
      if (next === undefined || next === 'later') return next
      found += 1
      totals.add('sessions_dropped', 1)
      return next
    })
    dropped += found
    droppedEver += found
    if (!more) end(nowMs)
    return more
  }

  function end(nowMs: number): void {
    isDeleting = false
    const figures = { usedBytes: used(), maxBytes }
    if (dropped > 0) {
      const message = 'deleted the oldest sessions to stay below MAX_STORE_SIZE'
      log.warn({ ...figures, sessions: dropped }, message)
    }
    dropped = 0
    const wasFull = isFull
    isFull = figures.usedBytes > maxBytes
    waitingSessions = isFull ? oldest.waiting() : 0
    if (!isFull) return
    // Looking for what waits takes a while, and what waits now will mostly wait in a minute.
    if (waitingSessions > 0) retryAtMs = nowMs + FULL_RETRY_MS
    if (wasFull) return
    const message =
      'the store exceeds MAX_STORE_SIZE, but no session can be deleted: ' +
      'all of them are open or have undelivered items'
    log.error({ ...figures, waitingSessions }, message)
  }

  return {
    enforce: (nowMs) => {
      if (maxBytes === 0) return false
      return isDeleting ? goOn(nowMs) : begin(nowMs)
    },
    size: () => ({
      usedBytes: readableSize(),
      maxBytes,
      state: isDeleting && (dropped > 0 || !isFull) ? 'deleting' : isFull ? 'full' : 'within',
      waitingSessions,
      droppedSessions: droppedEver,
    }),
  }
}
