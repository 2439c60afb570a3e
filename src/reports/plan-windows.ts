/** What is used of plans, and was: for the page. */
import { planWindowText, type StoredReading } from '../domain/plan-window.ts'
import type { PlanWindow, PlanWindows, PlanWindowsQuery } from '../api/contract/plan-windows.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import { cutName } from './answer-bounds.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MAX_WINDOWS = 50
/** Quarters of an hour of a month, for a dozen windows. */
const MAX_READINGS = 50_000

export interface PlanWindowsDeps {
  readonly reader: Pick<StoreReader, 'planWindows'>
  readonly now: () => number
}

export async function planWindowsOf(
  { reader, now }: PlanWindowsDeps,
  { days }: PlanWindowsQuery,
): Promise<PlanWindows> {
  const nowMs = now()
  const sinceMs = nowMs - days * DAY_MS
  const readings = await reader.planWindows.since({ sinceMs, limit: MAX_READINGS })
  const byWindow = Map.groupBy(readings, ({ agent, userId, window }) =>
    JSON.stringify([agent, userId, window]),
  )
  const windows = Array.from(byWindow.values(), (of) => windowOf(of, nowMs))
  windows.sort((a, b) => b.usedPercent - a.usedPercent || b.atMs - a.atMs)
  return { windows: windows.slice(0, MAX_WINDOWS) }
}

/** Of readings with the newest first. */
function windowOf(readings: readonly StoredReading[], nowMs: number): PlanWindow {
  const [newest] = readings as readonly [StoredReading, ...StoredReading[]]
  const { agent, userId, window, bucketMs, resetsMs } = newest
  const hours = new Map<number, number>()
  for (const each of readings.toReversed()) {
    const hourMs = each.bucketMs - (each.bucketMs % HOUR_MS)
    hours.set(hourMs, Math.max(hours.get(hourMs) ?? 0, each.usedPercent))
  }
  const hasReset = resetsMs !== undefined && resetsMs <= nowMs
  return {
    agent,
    user: userId === undefined ? null : cutName(userId),
    window,
    label: planWindowText(window),
    usedPercent: hasReset ? 0 : newest.usedPercent,
    resetsMs: resetsMs === undefined || hasReset ? null : resetsMs,
    atMs: bucketMs,
    history: Array.from(hours, ([atMs, usedPercent]) => ({ atMs, usedPercent })),
  }
}
