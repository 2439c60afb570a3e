/**
 * The figures of a report: a row for each bucket of time, or for each bucket and each model, user,
 * team or project in it; and what stands below them. Knows no format.
 */
import { filterOf as storeFilterOf } from '../analytics/filter-of.ts'
import { type QuarterOfModel, type Tip, tipsOf } from '../analytics/tips.ts'
import { sumsOf } from '../analytics/usage-sums.ts'
import type { ModelQuarter } from '../store/queries/model-quarters.ts'
import type { Overview, OverviewQuery, Share } from '../web/contract/overview.ts'
import type { Tokens } from '../web/contract/quantities.ts'
import type { Filter } from '../web/contract/filter.ts'
import type { Data } from './open-data.ts'

export const PERIODS = ['day', 'week', 'month'] as const
export type Period = (typeof PERIODS)[number]

export const GROUPS = ['model', 'user', 'team', 'project'] as const
export type Group = (typeof GROUPS)[number]

export interface ReportRow {
  readonly startMs: number
  /** Of the model, user, team or project; null when the report is not split, or there is none. */
  readonly name: string | null
  readonly costUsd: number
  readonly tokens: Tokens
  readonly sessions: number
  readonly modelCalls: number
}

export interface ReportData {
  readonly period: Period
  readonly group: Group | undefined
  readonly timeZone: string
  readonly overview: Overview
  readonly rows: readonly ReportRow[]
  readonly tips: readonly Tip[]
}

export interface ReportQuestion {
  readonly period: Period
  readonly group: Group | undefined
  readonly timeZone: string
  readonly filter: Filter
}

const shares = {
  model: 'byModel',
  user: 'byUser',
  team: 'byTeam',
  project: 'byProject',
} as const satisfies Record<Group, keyof Overview>

export async function reportData(
  { reports, reader }: Pick<Data, 'reports' | 'reader'>,
  { period, group, timeZone, filter }: ReportQuestion,
): Promise<ReportData> {
  const query: OverviewQuery = { ...filter, tz: timeZone, bucket: period }
  const overview = await reports.overview(query)
  const rows: ReportRow[] = []
  for (const [index, bucket] of overview.series.entries()) {
    if (bucket.sessions === 0 && bucket.modelCalls === 0) continue
    const { startMs, costUsd, tokens, sessions, modelCalls } = bucket
    if (group === undefined) {
      rows.push({ startMs, name: null, costUsd, tokens, sessions, modelCalls })
      continue
    }
    // The ends of the range may lie within a bucket.
    const from = Math.max(startMs, overview.fromMs)
    const to = Math.min(overview.series[index + 1]?.startMs ?? overview.toMs, overview.toMs)
    const within = await reports.overview({ ...query, from, to })
    for (const share of within[shares[group]]) rows.push(rowOf(startMs, share))
  }
  const { fromMs, toMs } = overview
  const quarters = reader.quarters.of(storeFilterOf(filter), { fromMs, toMs })
  const tips = tipsOf(quarters.map(quarterOf), overview.tools)
  return { period, group, timeZone, overview, rows, tips }
}

function rowOf(startMs: number, share: Share): ReportRow {
  const { name, costUsd, tokens, sessions, modelCalls } = share
  return { startMs, name, costUsd, tokens, sessions, modelCalls }
}

function quarterOf(row: ModelQuarter): QuarterOfModel {
  return {
    session: row.session_ref,
    bucketMs: row.bucket_ms,
    model: row.model,
    isSubagent: row.is_subagent === 1,
    sums: sumsOf(row),
  }
}
