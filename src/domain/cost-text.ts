/**
 * What was spent, as the page and the CLI write it: what is not known is not $0.00, and estimates are
 * marked. Pure.
 */
import { countOfText, exactCountText } from './figure-text.ts'
import { exactUsdText, usdText } from './usd-text.ts'

/** US dollars. */
export interface ToldCosts {
  /** Null where nobody tells it. */
  readonly costUsd: number | null
  /** Parts of it. */
  readonly estimatedUsd: number
  readonly metricsUsd: number
  /** Calls whose cost is not known. */
  readonly unpricedCalls: number
}

/** `$0.42`, `unknown`. */
export function costText(costUsd: number | null): string {
  return costUsd === null ? 'unknown' : usdText(costUsd)
}

/** `1 of 3 calls without a price, $0.20 estimated`; undefined where the agent told all of it. */
export function costNote(
  { costUsd, estimatedUsd, metricsUsd, unpricedCalls }: ToldCosts,
  calls: number,
): string | undefined {
  const part = (usd: number, what: string): string | undefined => {
    if (usd === 0) return undefined
    return usd === costUsd ? what : `${usdText(usd)} ${what}`
  }
  const all = countOfText(Math.max(calls, unpricedCalls), 'call')
  const unpriced =
    unpricedCalls === 0 ? undefined : `${exactCountText(unpricedCalls)} of ${all} without a price`
  const parts = [unpriced, part(estimatedUsd, 'estimated'), part(metricsUsd, 'from metrics only')]
  const known = parts.filter((text) => text !== undefined)
  return known.length === 0 ? undefined : known.join(', ')
}

/** `$0.42 (1 of 3 calls without a price)`. */
export function costSummary(costs: ToldCosts, calls: number): string {
  const note = costNote(costs, calls)
  return note === undefined ? costText(costs.costUsd) : `${costText(costs.costUsd)} (${note})`
}

/** All digits, and what is to be known of them. */
export function costTitle(costs: ToldCosts, calls: number): string {
  const exact = costs.costUsd === null ? 'unknown' : exactUsdText(costs.costUsd)
  const note = costNote(costs, calls)
  return note === undefined ? exact : `${exact}: ${note}`
}

/** What is wrong where metrics alone tell of something; undefined where they do not. */
export function eventsWarning({ metricsUsd }: Pick<ToldCosts, 'metricsUsd'>): string | undefined {
  if (metricsUsd === 0) return undefined
  return (
    `Events are missing: ${usdText(metricsUsd)} is known from metrics only. Check ` +
    'OTEL_LOGS_EXPORTER and the logs endpoint, or run claude-telemetry doctor.'
  )
}
