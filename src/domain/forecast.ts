/**
 * When a budget will be spent if spending goes on as it has in its window so far: pure. The pace is even,
 * so it says nothing of the nights and weekends to come.
 */

export interface Pace {
  readonly spentUsd: number
  readonly limitUsd: number
  /** The window, epoch ms, `toMs` excluded. */
  readonly fromMs: number
  readonly toMs: number
  readonly nowMs: number
}

export interface Forecast {
  /** What will have been spent when the window ends, US dollars. */
  readonly projectedUsd: number
  /** When the limit is reached, epoch ms; undefined when not before the window ends. */
  readonly spentAtMs: number | undefined
}

/** The part of a window that has to be over: 2.4 hours of a day, three days of a month. */
const LEAST_PART = 0.1

/** Undefined before a tenth of the window is over, while nothing is spent, and once all is. */
export function forecastOf({
  spentUsd,
  limitUsd,
  fromMs,
  toMs,
  nowMs,
}: Pace): Forecast | undefined {
  const elapsedMs = nowMs - fromMs
  const lengthMs = toMs - fromMs
  if (elapsedMs < lengthMs * LEAST_PART || nowMs >= toMs) return undefined
  if (!(spentUsd > 0) || spentUsd >= limitUsd) return undefined
  const projectedUsd = (spentUsd / elapsedMs) * lengthMs
  const spentAtMs = Math.round(fromMs + (limitUsd / spentUsd) * elapsedMs)
  return { projectedUsd, spentAtMs: spentAtMs < toMs ? spentAtMs : undefined }
}
