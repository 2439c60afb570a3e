/** Tools: how often, how well, how long. */
import type { ToolUse } from '../../api/contract/overview.ts'
import { formatCount, formatRatio } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { DataTable } from './data-table.tsx'
import { Meter } from './meter.tsx'

/** Explains the bars where there are any. */
export function toolNote(tools: readonly ToolUse[]): string | undefined {
  const hasBars = tools.some(({ failures }) => failures > 0)
  return hasBars ? 'the bar below a name shows the share that failed' : undefined
}

export function ToolTable({ tools }: { readonly tools: readonly ToolUse[] }) {
  return (
    <DataTable
      caption="Tools"
      rows={tools}
      shown={15}
      keyOf={({ tool }) => tool}
      columns={[
        {
          name: 'Tool',
          cell: ({ tool, failures, results }) => (
            <>
              <span className="name">{tool}</span>
              <Meter part={failures} whole={results} tone="bad" />
            </>
          ),
        },
        { name: 'Results', isNumber: true, cell: ({ results }) => formatCount(results) },
        {
          name: 'Failed',
          isNumber: true,
          cell: ({ failures }) => <Bad count={failures} />,
        },
        {
          name: 'Refused',
          isNumber: true,
          isMinor: true,
          cell: ({ refusals }) => <Bad count={refusals} />,
        },
        {
          name: 'Success',
          isNumber: true,
          cell: ({ successRate }) => formatRatio(successRate),
        },
        {
          name: 'Average',
          isNumber: true,
          isMinor: true,
          cell: ({ avgMs }) => <Time ms={avgMs} />,
        },
        // Only sums are kept of many sessions.
        ...(tools.some(({ p95Ms }) => p95Ms !== null)
          ? [
              {
                name: 'p95',
                isNumber: true,
                isMinor: true,
                cell: ({ p95Ms }: ToolUse) => <Time ms={p95Ms} />,
              },
            ]
          : []),
      ]}
    />
  )
}

function Bad({ count }: { readonly count: number }) {
  return count > 0 ? (
    <span className="bad">{formatCount(count)}</span>
  ) : (
    <span className="faint">0</span>
  )
}

function Time({ ms }: { readonly ms: number | null }) {
  return ms === null ? <span className="faint">–</span> : formatDuration(ms)
}
