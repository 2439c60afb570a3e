/** Cost or tokens over time, stacked by the group that is chosen, or tokens by kind. */
import { type ReactNode, useState } from 'react'
import type { UsageAnswer, UsageBucket } from '../../api/contract/usage.ts'
import { userName } from '../../api/contract/user-name.ts'
import { formatCompact, formatCount } from '../format/count.ts'
import { type BucketSize, bucketTitle, exactMoment, formatBucket } from '../format/moment.ts'
import { formatUsd } from '../format/usd.ts'
import { type Bar, valueText } from './bar.ts'
import { ChartPanel } from './chart-panel.tsx'
import { DataTable } from './data-table.tsx'
import { Segments } from './segments.tsx'
import { StackedBars } from './stacked-bars.tsx'

const MEASURES = [
  { id: 'cost', label: 'Cost' },
  { id: 'tokens', label: 'Tokens' },
  { id: 'kinds', label: 'Token kinds' },
] as const
type Measure = (typeof MEASURES)[number]['id']

const TOKEN_KINDS = ['cache read', 'cache written', 'input', 'output'] as const
const OTHERS = 'others'
const MAX_SERIES = 6

export interface UsageChartProps {
  readonly usage: UsageAnswer
  readonly bucket: BucketSize
  /** It begins with the first record, later than the range that was asked for. */
  readonly isCut: boolean
  /** Narrows the range to some bars. */
  readonly onZoom: (fromMs: number, toMs: number) => void
  /** To choose the group. */
  readonly menu: ReactNode
}

export function UsageChart({ usage, bucket, isCut, onZoom, menu }: UsageChartProps) {
  const [measure, setMeasure] = useState<Measure>('cost')
  const { series = [], toMs } = usage
  const names = seriesNames(usage)
  const keys = measure === 'kinds' ? TOKEN_KINDS : [...new Set(names)]
  const format = measure === 'cost' ? formatUsd : formatCompact
  const bars = series.map(
    (one): Bar => ({
      id: String(one.startMs),
      label: formatBucket(one.startMs, bucket),
      title: bucketTitle(one.startMs, bucket),
      values: measure === 'kinds' ? tokensByKind(one) : valuesOf(one, names, measure),
      ...(measure === 'cost' && { unknown: unknownIn(one, names, usage) }),
    }),
  )
  const title = `${measure === 'cost' ? 'Cost' : 'Tokens'} by ${bucket}`
  const sessions = new Map(series.map((one) => [String(one.startMs), one.sessions]))
  const first = series[0]
  return (
    <ChartPanel
      title={title}
      note={
        isCut && first !== undefined
          ? `from ${bucketTitle(first.startMs, bucket)}, the first with data`
          : undefined
      }
      actions={
        <>
          <Segments label="Measure" segments={MEASURES} value={measure} onChange={setMeasure} />
          {measure !== 'kinds' && menu}
        </>
      }
      chart={
        <StackedBars
          label={`${title}; arrow keys read out each bar, with Shift they select several, Enter zooms in`}
          bars={bars}
          series={keys}
          format={format}
          onSelect={(from, to) => {
            const begin = series[from]
            if (begin !== undefined) onZoom(begin.startMs, series[to + 1]?.startMs ?? toMs)
          }}
        />
      }
      table={
        <DataTable
          caption={title}
          rows={bars}
          keyOf={({ id }) => id}
          columns={[
            {
              name: `${bucket.charAt(0).toUpperCase()}${bucket.slice(1)}`,
              cell: ({ id, title: text }) => <time title={exactMoment(Number(id))}>{text}</time>,
            },
            ...keys.map((key) => ({
              name: key,
              isNumber: true,
              cell: (bar: Bar) => valueText([bar], key, format),
            })),
            {
              name: 'Sessions',
              isNumber: true,
              cell: ({ id }) => formatCount(sessions.get(id) ?? 0),
            },
          ]}
        />
      }
    />
  )
}

/** The series that each row of the answer is in: of the most expensive names one each, of the rest one. */
function seriesNames({ rows, groups }: UsageAnswer): readonly string[] {
  const nameOf = (name: string | null | undefined): string => {
    if (name === null || name === undefined) return 'none'
    return groups[0]?.name === 'user' ? userName(name) : name
  }
  const all = rows.map(({ names }) => nameOf(names[0]))
  const distinct = [...new Set(all)]
  const own = new Set(distinct.length <= MAX_SERIES ? distinct : distinct.slice(0, MAX_SERIES - 1))
  return all.map((name) => (own.has(name) ? name : OTHERS))
}

function valuesOf(
  { costUsd, tokenSums }: UsageBucket,
  names: readonly string[],
  measure: 'cost' | 'tokens',
): Record<string, number> {
  const values: Record<string, number> = {}
  const of = measure === 'cost' ? costUsd : tokenSums
  for (const [at, name] of names.entries()) values[name] = (values[name] ?? 0) + (of[at] ?? 0)
  return values
}

/** Of a row with calls that nobody priced, what has no cost here is not for free. */
function unknownIn(
  { costUsd, tokenSums }: UsageBucket,
  names: readonly string[],
  { rows }: UsageAnswer,
): ReadonlySet<string> {
  return new Set(
    names.filter(
      (_, at) =>
        costUsd[at] === 0 && (tokenSums[at] ?? 0) > 0 && (rows[at]?.unpricedCalls ?? 0) > 0,
    ),
  )
}

function tokensByKind({ tokens }: UsageBucket): Record<(typeof TOKEN_KINDS)[number], number> {
  return {
    'cache read': tokens.cacheRead,
    'cache written': tokens.cacheCreation,
    input: tokens.input,
    output: tokens.output,
  }
}
