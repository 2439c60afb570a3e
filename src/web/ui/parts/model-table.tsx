/** Models: calls, cost, tokens, how quick. */
import type { ModelUse } from '../../contract/session.ts'
import { formatCompact, formatCount } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { tokenSum, tokenTitle } from '../format/token-sum.ts'
import { exactUsd, formatUsd } from '../format/usd.ts'
import { DataTable } from './data-table.tsx'

export function ModelTable({ models }: { readonly models: readonly ModelUse[] }) {
  return (
    <DataTable
      caption="Models"
      rows={models}
      keyOf={({ model }) => model}
      columns={[
        { name: 'Model', cell: ({ model }) => <span className="name">{model}</span> },
        {
          name: 'Calls',
          isNumber: true,
          cell: ({ calls, errors }) =>
            errors > 0
              ? `${formatCount(calls)} + ${formatCount(errors)} failed`
              : formatCount(calls),
        },
        {
          name: 'Cost',
          isNumber: true,
          cell: ({ costUsd }) => <span title={exactUsd(costUsd)}>{formatUsd(costUsd)}</span>,
        },
        {
          name: 'Tokens',
          isNumber: true,
          cell: ({ tokens }) => (
            <span title={tokenTitle(tokens)}>{formatCompact(tokenSum(tokens))}</span>
          ),
        },
        { name: 'First token', isNumber: true, isMinor: true, cell: ({ ttftMs }) => time(ttftMs) },
        { name: 'Average', isNumber: true, isMinor: true, cell: ({ avgMs }) => time(avgMs) },
        { name: 'p95', isNumber: true, isMinor: true, cell: ({ p95Ms }) => time(p95Ms) },
      ]}
    />
  )
}

function time(ms: number | null): string {
  return ms === null ? '–' : formatDuration(ms)
}
