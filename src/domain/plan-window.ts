/**
 * How much of a subscription's allowance is used, as an agent tells its status line: no telemetry record
 * carries it. Whatever is missing or of another shape is left out. Pure.
 */
import { BUCKET_MS } from './usage.ts'

/** A window of a plan at one moment. */
export interface PlanReading {
  /** In the agent's own words: `five_hour`, `seven_day`. */
  readonly window: string
  /** May be more than 100. */
  readonly usedPercent: number
  /** When it begins anew, epoch ms. */
  readonly resetsMs: number | undefined
}

/** A reading as it is stored: one for a session, a window and a quarter of an hour, the highest. */
export interface StoredReading extends PlanReading {
  readonly agent: string
  readonly userId: string | undefined
  readonly bucketMs: number
}

export interface PlanWindowStore {
  /**
   * Notes readings of a session. Resolves to whose they are; undefined where there is no such session, and
   * nothing was noted.
   */
  note(
    sessionKey: string,
    readings: readonly PlanReading[],
    nowMs: number,
  ): Promise<{ readonly agent: string; readonly userId: string | undefined } | undefined>
}

/** What an alert says of a window: that this much is used, or that it begins anew soon. */
export type PlanNews = 80 | 'reset'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NAME = /^(five_hour|seven_day)(?:_[a-z]{1,20})?$/
const MAX_PERCENT = 1_000
/** The part of a window in which its end is near: 30 minutes of five hours, 17 hours of a week. */
const LAST_PART = 0.1

/** What stands under `rate_limits`. */
export function readPlanWindows(limits: unknown): readonly PlanReading[] {
  if (typeof limits !== 'object' || limits === null) return []
  return Object.entries(limits).flatMap(([window, value]: [string, unknown]): PlanReading[] => {
    if (!NAME.test(window) || typeof value !== 'object' || value === null) return []
    const { used_percentage: used, resets_at: resetsAt } = value as Readonly<
      Record<string, unknown>
    >
    if (typeof used !== 'number' || !(used >= 0 && used <= MAX_PERCENT)) return []
    return [{ window, usedPercent: used, resetsMs: momentOf(resetsAt) }]
  })
}

/** Undefined for a name that says none. */
export function planLengthMs(window: string): number | undefined {
  const [, kind] = NAME.exec(window) ?? []
  if (kind === undefined) return undefined
  return kind === 'five_hour' ? 5 * HOUR_MS : 7 * DAY_MS
}

/** `five_hour_opus` as `5-hour window (opus)`. */
export function planWindowText(window: string): string {
  const [, kind] = NAME.exec(window) ?? []
  const rest = window.slice((kind ?? '').length + 1).replaceAll('_', ' ')
  const name = kind === 'five_hour' ? '5-hour window' : kind === 'seven_day' ? '7-day window' : ''
  return rest === '' ? name || window : `${name} (${rest})`
}

/**
 * What there is to tell: 80 % at once; before the reset, where the window is used to 80 %, since work can go on
 * then, or is a week's, since what is left of it is lost.
 */
export function planNews(
  { window, usedPercent, resetsMs }: PlanReading,
  nowMs: number,
): readonly PlanNews[] {
  // An idle session still shows what a window was when it ended.
  if (resetsMs !== undefined && resetsMs <= nowMs) return []
  const news: PlanNews[] = usedPercent >= 80 ? [80] : []
  const lengthMs = planLengthMs(window)
  if (lengthMs === undefined || resetsMs === undefined) return news
  const leftMs = resetsMs - nowMs
  const isNear = leftMs > 0 && leftMs <= lengthMs * LAST_PART
  if (isNear && (usedPercent >= 80 || lengthMs >= DAY_MS)) news.push('reset')
  return news
}

/** When the window began, as far as can be told: an alert is told once since then. */
export function planSinceMs({ window, resetsMs }: PlanReading, nowMs: number): number {
  const lengthMs = planLengthMs(window) ?? DAY_MS
  // What agents say of the reset differs by minutes from answer to answer.
  return (resetsMs ?? nowMs) - lengthMs + BUCKET_MS
}

/** Later than any time in seconds. */
const LEAST_MS = 100_000_000_000
/** The last moment that a date can be. */
const MAX_MS = 8.64e15

/** Seconds, milliseconds or ISO 8601 as epoch ms. */
export function momentOf(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Date.parse(value) : value
  if (typeof number !== 'number' || !(number >= 0)) return undefined
  const ms = typeof value === 'number' && number < LEAST_MS ? number * 1000 : number
  return ms <= MAX_MS ? ms : undefined
}
