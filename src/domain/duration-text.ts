/** Durations as people read them. Pure. */

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** `850ms`, `4.3s`, `42s`, `3m 20s`, `2h 5m`, `3d 4h`: two units at most, rounded to the lesser. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  const wholeMs = Math.round(ms)
  if (wholeMs < SECOND_MS) return `${wholeMs}ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 100) return `${tenths / 10}s`
  const seconds = Math.round(ms / SECOND_MS)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return pair(seconds, 60, 'm', 's')
  const minutes = Math.round(ms / MINUTE_MS)
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'm')
  return pair(Math.round(ms / HOUR_MS), 24, 'd', 'h')
}

/** `count` of the lesser unit, `size` of which are one of the greater. */
function pair(count: number, size: number, greater: string, lesser: string): string {
  const rest = count % size
  const head = `${Math.floor(count / size)}${greater}`
  return rest === 0 ? head : `${head} ${rest}${lesser}`
}
