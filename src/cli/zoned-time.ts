/** Times as people read them, in a time zone. Pure. `reports/time-text.ts` reads what people write. */
import { zoned } from '../reports/time-text.ts'

/** `2026-11-21 09:30`. */
export function dateTimeText(atMs: number, timeZone: string): string {
  return `${dateText(atMs, timeZone)} ${clockText(atMs, timeZone).slice(0, 5)}`
}

/** `2026-11-21`. */
export function dateText(atMs: number, timeZone: string): string {
  return zoned(atMs, timeZone).toPlainDate().toString()
}

/** `09:30:05`. */
export function clockText(atMs: number, timeZone: string): string {
  return zoned(atMs, timeZone).toPlainTime().toString({ smallestUnit: 'second' })
}
