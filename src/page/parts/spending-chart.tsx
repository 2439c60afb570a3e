/** Cost by model, or tokens by kind, over time. */
import { useState } from 'react'
import type { Bucket } from '../../api/contract/overview.ts'
import { formatCompact, formatCount, plural } from '../format/count.ts'
import { type BucketSize, bucketTitle, formatBucket } from '../format/moment.ts'
import { formatUsd } from '../format/usd.ts'
import { ChartPanel } from './chart-panel.tsx'
import { DataTable } from './data-table.tsx'
import { Segments } from './segments.tsx'
import type { Bar } from './bar.ts'
import { StackedBars } from './stacked-bars.tsx'

type Measure = 'cost' | 'tokens'

const MEASURES = [
  { id: 'cost', label: 'Cost' },
  { id: 'tokens', label: 'Tokens' },
] as const satisfies readonly { id: Measure; label: string }[]

const TOKEN_KINDS = ['cache read', 'cache written', 'input', 'output'] as const
const OTHERS = 'others'
const MAX_MODELS = 5

export interface SpendingChartProps {
  readonly series: readonly Bucket[]
  readonly bucket: BucketSize
  /** Of the range, before the first one of the series. */
  readonly omittedBuckets: number
}

export function SpendingChart({ series, bucket, omittedBuckets }: SpendingChartProps) {
  const [measure, setMeasure] = useState<Measure>('cost')
  const models = mostExpensiveModels(series)
  const keys = measure === 'cost' ? models : TOKEN_KINDS
  const valuesOf = measure === 'cost' ? (one: Bucket) => costs(one, models) : tokensByKind
  const format = measure === 'cost' ? formatUsd : formatCompact
  const bars = series.map(
    (one): Bar => ({
      id: String(one.startMs),
      label: formatBucket(one.startMs, bucket),
      title: bucketTitle(one.startMs, bucket),
      values: valuesOf(one),
    }),
  )
  const title = `${measure === 'cost' ? 'Cost' : 'Tokens'} by ${bucket}`
  const sessions = new Map(series.map((one) => [String(one.startMs), one.sessions]))
  return (
    <ChartPanel
      title={title}
      note={omittedBuckets > 0 ? omittedText(series.length, omittedBuckets, bucket) : undefined}
      actions={
        <Segments label="Measure" segments={MEASURES} value={measure} onChange={setMeasure} />
      }
      chart={
        <StackedBars
          label={`${title}; arrow keys read out each bar`}
          bars={bars}
          series={keys}
          format={format}
        />
      }
      table={
        <DataTable
          caption={title}
          rows={bars}
          keyOf={({ id }) => id}
          columns={[
            { name: bucket, cell: (bar) => bar.title },
            ...keys.map((key) => ({
              name: key,
              isNumber: true,
              cell: ({ values }: Bar) => format(values[key] ?? 0),
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

/** What the chart does not reach back to; the sums above it do. */
function omittedText(shown: number, omitted: number, bucket: BucketSize): string {
  return `the newest ${formatCount(shown)} of ${plural(shown + omitted, bucket)}; choose longer bars to see all`
}

/** The models that cost most over all buckets; the rest is lumped together. */
function mostExpensiveModels(series: readonly Bucket[]): readonly string[] {
  const sums = new Map<string, number>()
  for (const { costByModelUsd } of series) {
    for (const [model, usd] of Object.entries(costByModelUsd)) {
      sums.set(model, (sums.get(model) ?? 0) + usd)
    }
  }
  const models = [...sums.keys()].sort((a, b) => (sums.get(b) ?? 0) - (sums.get(a) ?? 0))
  return models.length <= MAX_MODELS + 1 ? models : [...models.slice(0, MAX_MODELS), OTHERS]
}

function costs({ costByModelUsd }: Bucket, models: readonly string[]): Record<string, number> {
  const values: Record<string, number> = {}
  for (const [model, usd] of Object.entries(costByModelUsd)) {
    const key = models.includes(model) ? model : OTHERS
    values[key] = (values[key] ?? 0) + usd
  }
  return values
}

function tokensByKind({ tokens }: Bucket): Record<(typeof TOKEN_KINDS)[number], number> {
  return {
    'cache read': tokens.cacheRead,
    'cache written': tokens.cacheCreation,
    input: tokens.input,
    output: tokens.output,
  }
}
