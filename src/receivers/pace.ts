/**
 * Whether a client keeps up a minimum data rate, as a token bucket: what it sends pays for time, and
 * no more than a moment can be paid for in advance. So neither one burst nor a byte a second keeps
 * a place that others need.
 */

/** 16 KB/s. Slower clients are served as long as nobody needs their place. */
const MIN_BYTES_PER_MS = 16
/** What a client sent counts for so long at most. */
const MAX_AHEAD_MS = 250

export interface Pace {
  /** Counts bytes that came. */
  sent(bytes: number, nowMs: number): void
  /** Begins anew: until now, nothing was expected of the client. */
  restart(nowMs: number): void
  /** Milliseconds behind the minimum rate; below zero while the client keeps up. */
  lateMs(nowMs: number): number
}

/** The pace of a client of whom bytes are expected from now on. */
export function createPace(nowMs: number): Pace {
  let dueMs = nowMs
  return {
    sent: (bytes, nowMs) => {
      dueMs = Math.min(nowMs + MAX_AHEAD_MS, dueMs + bytes / MIN_BYTES_PER_MS)
    },
    restart: (nowMs) => {
      dueMs = nowMs
    },
    lateMs: (nowMs) => nowMs - dueMs,
  }
}
