/** Columns that several tables have: shown short, exact when pointed at. */
import type { Costs } from '../../api/contract/quantities.ts'
import { costNote, costTitle, costText } from '../../domain/cost-text.ts'
import { formatCompact } from '../format/count.ts'
import { tokenSum, tokenTitle } from '../format/token-sum.ts'
import type { Column } from './data-table.tsx'

/** What is to be known of a cost stands below it: calls without a price, estimates. */
export function costColumn<R extends Costs>(callsOf: (row: R) => number) {
  return {
    name: 'Cost',
    isNumber: true,
    cell: (row: R) => {
      const note = costNote(row, callsOf(row))
      return (
        <>
          <span title={costTitle(row, callsOf(row))}>{costText(row.costUsd)}</span>
          {note !== undefined && <span className="cost-note faint">{note}</span>}
        </>
      )
    },
  } as const satisfies Column<R>
}

export const tokensColumn = {
  name: 'Tokens',
  isNumber: true,
  cell: ({ tokens }) => <span title={tokenTitle(tokens)}>{formatCompact(tokenSum(tokens))}</span>,
} as const satisfies Column<{ readonly tokens: Parameters<typeof tokenSum>[0] }>
