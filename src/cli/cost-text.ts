/** What was spent, as a person reads it: what is not known is not $0.00, and estimates are marked. Pure. */
import type { Costs } from '../api/contract/quantities.ts'
import { usdText } from '../domain/usd-text.ts'
import { countText } from '../domain/figure-text.ts'
import type { Column } from './table.ts'

/** `$0.42`, `unknown`. */
export function costText({ costUsd }: Pick<Costs, 'costUsd'>): string {
  return costUsd === null ? 'unknown' : usdText(costUsd)
}

/** `1 of 3 calls without a price, $0.20 estimated`; empty where the agent told all of it. */
export function costNote(
  { costUsd, estimatedUsd, metricsUsd, unpricedCalls }: Costs,
  calls: number,
): string {
  const part = (usd: number, what: string): string | undefined => {
    if (usd === 0) return undefined
    return usd === costUsd ? what : `${usdText(usd)} ${what}`
  }
  const unpriced =
    unpricedCalls === 0
      ? undefined
      : `${countText(unpricedCalls)} of ${countText(Math.max(calls, unpricedCalls))} calls without a price`
  return [unpriced, part(estimatedUsd, 'estimated'), part(metricsUsd, 'from metrics only')]
    .filter((text) => text !== undefined)
    .join(', ')
}

/** `$0.42 (1 of 3 calls without a price)`. */
export function costSummary(costs: Costs, calls: number): string {
  const note = costNote(costs, calls)
  return note === '' ? costText(costs) : `${costText(costs)} (${note})`
}

/** What to do where metrics alone tell of something; undefined where they do not. */
export function eventsWarning({ metricsUsd }: Pick<Costs, 'metricsUsd'>): string | undefined {
  if (metricsUsd === 0) return undefined
  return (
    `events are missing: ${usdText(metricsUsd)} is known from metrics only. ` +
    'Check OTEL_LOGS_EXPORTER, or run claude-telemetry doctor'
  )
}

/** The cost, and beside it what is to be known of it where that is anything for some row. */
export function costColumns<R extends Costs>(
  rows: readonly R[],
  callsOf: (row: R) => number,
): readonly Column<R>[] {
  const cost: Column<R> = { title: 'COST', align: 'right', text: costText }
  const noteOf = (row: R): string => costNote(row, callsOf(row))
  if (rows.every((row) => noteOf(row) === '')) return [cost]
  return [cost, { title: 'COST NOTE', text: noteOf, shrinksTo: 16, colour: () => 'yellow' }]
}
