/** Columns that several tables have: shown short, exact when pointed at. */
import { formatCompact } from '../format/count.ts'
import { tokenSum, tokenTitle } from '../format/token-sum.ts'
import { exactUsd, formatUsd } from '../format/usd.ts'
import type { Column } from './data-table.tsx'

export const costColumn = {
  name: 'Cost',
  isNumber: true,
  cell: ({ costUsd }) => <span title={exactUsd(costUsd)}>{formatUsd(costUsd)}</span>,
} as const satisfies Column<{ readonly costUsd: number }>

export const tokensColumn = {
  name: 'Tokens',
  isNumber: true,
  cell: ({ tokens }) => <span title={tokenTitle(tokens)}>{formatCompact(tokenSum(tokens))}</span>,
} as const satisfies Column<{ readonly tokens: Parameters<typeof tokenSum>[0] }>
