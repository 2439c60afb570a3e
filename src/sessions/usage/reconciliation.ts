/**
 * Events against metrics. A difference is shown, never mended: an answer that was interrupted is in
 * the metrics only.
 */
import { isCostUnknown } from '../../domain/usage.ts'
import { allTokens, type Totals } from './totals.ts'

/** What each side adds up to; null is what a side does not tell. */
export interface Reconciliation {
  /** With estimates. */
  readonly eventsUsd: number | null
  readonly metricsUsd: number | null
  readonly eventsTokens: number
  readonly metricsTokens: number | null
}

/** `undefined` when no metric came. Agents that send metrics may send none of cost or of tokens. */
export function reconciliation(totals: Totals): Reconciliation | undefined {
  const { costUsd, modelCalls: calls, unpricedCalls, usage, metrics } = totals
  if (metrics.samples === 0) return undefined
  const eventsTokens = allTokens(usage)
  const isUnknown = isCostUnknown({ costUsd, calls, unpricedCalls, tokens: eventsTokens })
  const metricsTokens = allTokens(metrics.tokens)
  const isUsed = calls > 0 || eventsTokens + metricsTokens > 0
  const unless0 = (sum: number): number | null => (isUsed && sum === 0 ? null : sum)
  return {
    eventsUsd: isUnknown ? null : costUsd,
    metricsUsd: unless0(metrics.costUsd),
    eventsTokens,
    metricsTokens: unless0(metricsTokens),
  }
}
