/** What was spent, in words: what is not known is not $0.00, and estimates are marked. */
import type { Costs } from '../../api/contract/quantities.ts'
import { plural } from './count.ts'
import { exactUsd, formatUsd } from './usd.ts'

/** `$0.42`; `unknown` where nobody tells it. */
export function formatCost(costUsd: number | null): string {
  return costUsd === null ? 'unknown' : formatUsd(costUsd)
}

/** What is wrong where metrics alone tell of something; undefined where they do not. */
export function eventsWarning({ metricsUsd }: Pick<Costs, 'metricsUsd'>): string | undefined {
  if (metricsUsd === 0) return undefined
  return `Events are missing: ${formatUsd(metricsUsd)} is known from metrics only. Check OTEL_LOGS_EXPORTER and the logs endpoint, or run claude-telemetry doctor.`
}

/** All digits, and what is to be known of them. */
export function costTitle(costs: Costs, calls: number): string {
  const exact = costs.costUsd === null ? 'unknown' : exactUsd(costs.costUsd)
  const note = costNote(costs, calls)
  return note === undefined ? exact : `${exact}: ${note}`
}

/** `1 of 3 calls without a price, $0.20 estimated`; undefined where the agent told all of it. */
export function costNote(
  { costUsd, estimatedUsd, metricsUsd, unpricedCalls }: Costs,
  calls: number,
): string | undefined {
  const part = (usd: number, what: string): string | undefined => {
    if (usd === 0) return undefined
    return usd === costUsd ? what : `${formatUsd(usd)} ${what}`
  }
  const unpriced =
    unpricedCalls === 0
      ? undefined
      : `${unpricedCalls} of ${plural(Math.max(calls, unpricedCalls), 'call')} without a price`
  const parts = [unpriced, part(estimatedUsd, 'estimated'), part(metricsUsd, 'from metrics only')]
  const known = parts.filter((text) => text !== undefined)
  return known.length === 0 ? undefined : known.join(', ')
}
