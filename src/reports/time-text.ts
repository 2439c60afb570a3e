/**
 * Times as people write them, in a time zone: `7d`, `yesterday`, `2026-11-01`. Pure; the moment that is
 * now is handed in.
 */
import { Temporal } from 'temporal-polyfill'

export const TIME_SYNTAX = '30m, 24h, 7d, 2w, today, yesterday, 2026-11-01 or 2026-11-01T09:30'

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** The moment a text names, epoch ms; `undefined` when it names none. */
export function timeOf(text: string, nowMs: number, timeZone: string): number | undefined {
  const [, amount, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? []
  if (amount !== undefined && unit !== undefined) {
    return nowMs - Number(amount) * (UNIT_MS[unit] ?? 0)
  }
  if (text === 'today') return dayStart(nowMs, timeZone)
  if (text === 'yesterday') return dayStart(nowMs, timeZone, -1)
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined
  return instantOf(text) ?? wallTimeOf(text, timeZone)
}

/** When the day of a moment begins, or one so many days before or after it. */
export function dayStart(atMs: number, timeZone: string, days = 0): number {
  return zoned(atMs, timeZone).startOfDay().add({ days }).startOfDay().epochMilliseconds
}

/** Times of agents can be anything; those that no calendar has are shown as 1970. */
export function zoned(atMs: number, timeZone: string): Temporal.ZonedDateTime {
  const ms = Number.isFinite(atMs) && Math.abs(atMs) <= 8.64e15 ? Math.floor(atMs) : 0
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone)
}

/** With an offset of its own. */
function instantOf(text: string): number | undefined {
  try {
    return Temporal.Instant.from(text).epochMilliseconds
  } catch {
    return undefined
  }
}

/** What the clocks of the zone show. */
function wallTimeOf(text: string, timeZone: string): number | undefined {
  try {
    return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone).epochMilliseconds
  } catch {
    return undefined
  }
}
