/** What each prompt cost, as a row of bars; each leads to its turn. */
import { scaleLinear } from '@visx/scale'
import type { TurnHead } from '../../api/contract/turn.ts'
import { formatCount, plural } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { costText } from '../../domain/cost-text.ts'
import { ChartPanel } from './chart-panel.tsx'
import { DataTable } from './data-table.tsx'
import { turnAnchor } from './turn-list.tsx'

const HEIGHT = 44
/** As many as stand beside each other on a phone. */
const MAX_BARS = 72

export function CostPerPrompt({ turns }: { readonly turns: readonly TurnHead[] }) {
  const bars = turns.slice(-MAX_BARS)
  const most = Math.max(...bars.map(({ costUsd }) => costUsd ?? 0), 0)
  if (turns.length < 2 || most === 0) return null
  const height = scaleLinear({ domain: [0, most], range: [1, HEIGHT] })
  return (
    <ChartPanel
      title="Cost per prompt"
      note={noteOf(bars, turns.length)}
      chart={
        <ol className="sparkline" aria-label="Cost per prompt">
          {bars.map(({ key, ordinal, costUsd, errors }) => (
            <li key={key}>
              <a href={`#${turnAnchor(ordinal)}`} title={`Turn ${ordinal}: ${costText(costUsd)}`}>
                <svg width="100%" height={HEIGHT} aria-hidden="true">
                  <rect
                    className={errors > 0 ? 'spark spark-bad' : 'spark'}
                    width="100%"
                    y={HEIGHT - height(costUsd ?? 0)}
                    height={height(costUsd ?? 0)}
                  />
                </svg>
                <span className="sr-only">{barText(ordinal, costUsd, errors)}</span>
              </a>
            </li>
          ))}
        </ol>
      }
      table={
        <DataTable
          caption="Cost per prompt"
          rows={turns}
          keyOf={({ key }) => key}
          columns={[
            { name: 'Turn', isNumber: true, cell: ({ ordinal }) => ordinal },
            { name: 'Cost', isNumber: true, cell: ({ costUsd }) => costText(costUsd) },
            {
              name: 'Length',
              isNumber: true,
              cell: ({ startMs, endMs }) => formatDuration(endMs - startMs),
            },
            { name: 'Errors', isNumber: true, cell: ({ errors }) => errors },
          ]}
        />
      }
    />
  )
}

function noteOf(bars: readonly TurnHead[], turns: number): string | undefined {
  const notes = [
    bars.length < turns
      ? `the last ${formatCount(bars.length)} of ${plural(turns, 'prompt')}; all as a table`
      : undefined,
    bars.some(({ errors }) => errors > 0) ? 'red: with errors' : undefined,
  ].filter((note) => note !== undefined)
  return notes.length === 0 ? undefined : notes.join(' · ')
}

function barText(ordinal: number, costUsd: number | null, errors: number): string {
  const text = `Turn ${ordinal}: ${costText(costUsd)}`
  return errors > 0 ? `${text}, ${plural(errors, 'error')}` : text
}
