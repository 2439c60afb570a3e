/** Models: calls, cost, tokens, how quick. */
import type { ModelUse } from '../../api/contract/session.ts'
import { formatCount } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { costColumn, tokensColumn } from './columns.tsx'
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
        costColumn<ModelUse>(({ calls }) => calls),
        tokensColumn,
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
