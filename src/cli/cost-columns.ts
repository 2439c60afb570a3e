/** Columns of what was spent. */
import type { Costs } from '../api/contract/quantities.ts'
import { costNote, costText } from '../domain/cost-text.ts'
import type { Column } from './table.ts'

/** The cost, and beside it what is to be known of it where that is anything for some row. */
export function costColumns<R extends Costs>(
  rows: readonly R[],
  callsOf: (row: R) => number,
): readonly Column<R>[] {
  const cost: Column<R> = {
    title: 'COST',
    align: 'right',
    text: ({ costUsd }) => costText(costUsd),
  }
  const noteOf = (row: R): string | undefined => costNote(row, callsOf(row))
  if (rows.every((row) => noteOf(row) === undefined)) return [cost]
  const note = (row: R): string => noteOf(row) ?? ''
  return [cost, { title: 'COST NOTE', text: note, shrinksTo: 16, colour: () => 'yellow' }]
}
