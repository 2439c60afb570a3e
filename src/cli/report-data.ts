/**
 * The figures of a report: those of the page's overview for the same range, a row for each bucket of
 * time in it, or for each bucket and each name of a group, and complete lists where the page shows the
 * first ones. Knows no format.
 */
import { filterOf as storeFilterOf, sessionRowOf } from '../reports/session-lists.ts'
import { overviewOf, shareOf, toolUseOf } from '../reports/overview.ts'
import { letOthersRun } from '../reports/pause.ts'
import { bucketsOf, dayOf } from '../reports/time-buckets.ts'
import { type BucketOfModel, type Tip, tipsOf } from '../reports/tips.ts'
import { groupUse } from '../reports/group-use.ts'
import { askedOfCalls, conditionsOf } from '../reports/conditions.ts'
import { namingFor } from '../reports/group-naming.ts'
import { readCells, usageRowOf } from '../reports/usage-by.ts'
import { type Part, type UsageReport, usageReport } from '../reports/usage-report.ts'
import type { Slice, UsageSlices } from '../reports/usage-slices.ts'
import { sumsOf } from '../reports/usage-sums.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { TicketOf } from '../domain/ticket.ts'
import { bucketEndOf, bucketOf, type Dimension } from '../domain/usage.ts'
import type { UsageGroup } from '../domain/usage-group.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { ModelBucket, Span } from '../storage/usage-slice.ts'
import type { Filter } from '../api/contract/filter.ts'
import type { Overview, Share, ToolUse } from '../api/contract/overview.ts'
import type { UsageRow } from '../api/contract/usage.ts'
import type { SessionRow } from '../api/contract/session-list.ts'

export const PERIODS = ['day', 'week', 'month'] as const
export type Period = (typeof PERIODS)[number]

/** What falls to the whole bucket, which has no names, or to one name of each group in it. */
export type ReportRow = Omit<UsageRow, 'names'> & {
  /** When the bucket begins, epoch ms. */
  readonly startMs: number
  /** In the order of the groups; null is what names none. */
  readonly names: readonly (string | null)[]
}

/** The ways to split what was used; complete, the most expensive first. */
export interface Shares {
  readonly model: readonly Share[]
  readonly agent: readonly Share[]
  readonly project: readonly Share[]
  readonly team: readonly Share[]
  readonly user: readonly Share[]
  readonly of: (dimension: Dimension) => readonly Share[]
}

export interface ReportData {
  readonly period: Period
  /** None, one or two. */
  readonly groups: readonly UsageGroup[]
  readonly timeZone: string
  /** What is covered: every quarter of an hour that the range asked for touches. */
  readonly fromMs: number
  readonly toMs: number
  readonly asked: Pick<Filter, 'from' | 'to'>
  readonly overview: Overview
  /** Every bucket of the range is there. When split, an empty one has one row without names. */
  readonly rows: readonly ReportRow[]
  readonly shares: Shares
  /** All of them, the most used first. */
  readonly tools: readonly ToolUse[]
  /** All sessions that cost something within the range, those that cost most in it first. */
  readonly mostExpensive: readonly SessionRow[]
  readonly tips: readonly Tip[]
}

export interface ReportQuestion {
  readonly period: Period
  readonly groups: readonly UsageGroup[]
  readonly ticketOf: TicketOf
  readonly timeZone: string
  /** Without a begin it begins with the data. */
  readonly filter: Filter
  readonly nowMs: number
}

/** More rows than anybody reads, by day two hundred years. */
const MAX_BUCKETS = 75_000
/** Clocks of agents may be ahead of ours by that much. */
const MAX_CLOCK_LEAD_MS = 86_400_000
/** Variables of one SQL statement are bounded. */
const SESSIONS_AT_ONCE = 1000

/** The error says what is wrong with the range. */
export async function reportData(
  { reader, slices }: { readonly reader: StoreReader; readonly slices: UsageSlices },
  { period, groups, timeZone, nowMs, ticketOf, ...question }: ReportQuestion,
): Promise<Result<ReportData, string>> {
  const filter = askedOfCalls(question.filter)
  const range = await rangeOf(reader, filter, nowMs)
  const { from, to } = filter
  if (range.fromMs >= range.toMs || (from ?? range.fromMs) >= (to ?? range.toMs)) {
    return err('the requested range ends before it begins')
  }
  const buckets = bucketsOf(range, period, timeZone, MAX_BUCKETS + 1)
  if (buckets.length > MAX_BUCKETS) {
    return err(`this is more than ${MAX_BUCKETS} ${period}s; use a later --since, or --by month`)
  }
  const query = { ...filter, from: range.fromMs, to: range.toMs, tz: timeZone, bucket: period }
  const overview = await overviewOf(
    { reader, slices, now: () => nowMs, pause: letOthersRun, ticketOf },
    query,
  )
  const asked = storeFilterOf(filter)
  const conditions = await conditionsOf({ slices, ticketOf }, filter.where)
  const spanAt = (ms: number) => dayOf(ms, timeZone)
  const used = await slices.read(asked, range, spanAt, letOthersRun, conditions)
  const report = usageReport(used)
  const cells =
    groups.length === 0
      ? undefined
      : await readCells({ slices }, { ...filter, tz: timeZone }, { groups, conditions }, range)
  const { naming } = await namingFor({ slices, ticketOf }, groups)
  const partsIn = (part: Span): readonly Omit<ReportRow, 'startMs'>[] => {
    const within = (slice: Span) => slice.fromMs >= part.fromMs && slice.fromMs < part.toMs
    if (cells === undefined) return []
    const { parts, idle } = groupUse(cells.filter(within), groups, naming, { conditions })
    return [...parts, ...idle].map(usageRowOf)
  }
  const ids = used.flatMap(({ sums }) => sums.sessions.map(({ id }) => id))
  const ofTips = conditions === undefined ? asked : { ...asked, ids: [...new Set(ids)] }
  const modelBuckets = await reader.usage.buckets(ofTips, range)
  return ok({
    period,
    groups,
    timeZone,
    ...range,
    asked: { ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
    overview,
    rows: rowsOf(buckets, used, partsIn),
    shares: sharesOf(report),
    tools: report.tools.map(toolUseOf),
    mostExpensive: await mostExpensiveOf(reader, used),
    tips: tipsOf(modelBuckets.map(bucketOfModel), report.tools),
  })
}

/** Up to now where no end was given, and a little beyond for what clocks that are ahead recorded. */
async function rangeOf(reader: StoreReader, { from, to }: Filter, nowMs: number): Promise<Span> {
  const used = await reader.usage.bounds(nowMs + MAX_CLOCK_LEAD_MS)
  const data = used ?? { fromMs: nowMs, toMs: nowMs }
  const toMs = to ?? Math.max(nowMs, data.toMs)
  // What was used is known by quarters of an hour: the range covers every one that it touches.
  return {
    fromMs: bucketOf(from ?? Math.min(data.fromMs, toMs - 1)),
    toMs: to === undefined ? toMs : bucketEndOf(to),
  }
}

/** Both in order of time; slices do not reach over the end of a bucket. */
function rowsOf(
  buckets: readonly Span[],
  slices: readonly Slice[],
  partsIn: (bucket: Span) => readonly Omit<ReportRow, 'startMs'>[],
): readonly ReportRow[] {
  let next = 0
  return buckets.flatMap((bucket) => {
    const startMs = bucket.fromMs
    const first = next
    while ((slices[next]?.fromMs ?? Number.POSITIVE_INFINITY) < bucket.toMs) next += 1
    const parts = partsIn(bucket)
    if (parts.length > 0) return parts.map((part) => ({ startMs, ...part }))
    const { sums, sessions } = usageReport(slices.slice(first, next))
    return [{ startMs, ...usageRowOf({ names: [], links: [], sums, sessions }) }]
  })
}

function sharesOf(report: UsageReport): Shares {
  const shares = (parts: readonly Part[]) => parts.map(shareOf)
  return {
    model: shares(report.models),
    agent: shares(report.agents),
    project: shares(report.projects),
    team: shares(report.teams),
    user: shares(report.users),
    of: (dimension) => shares(report.byDimension(dimension)),
  }
}

async function mostExpensiveOf(
  { lists }: StoreReader,
  slices: readonly Slice[],
): Promise<readonly SessionRow[]> {
  const costs = new Map<number, number>()
  for (const { sums } of slices) {
    for (const { id, costUsd } of sums.sessions) costs.set(id, (costs.get(id) ?? 0) + costUsd)
  }
  const ids = [...costs]
    .filter(([, costUsd]) => costUsd > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([id]) => id)
  const rows: SessionRow[] = []
  for (let from = 0; from < ids.length; from += SESSIONS_AT_ONCE) {
    const some = ids.slice(from, from + SESSIONS_AT_ONCE)
    const found = new Map((await lists.byIds(some)).map((row) => [row.id, row]))
    for (const id of some) {
      const row = found.get(id)
      if (row !== undefined) rows.push(sessionRowOf(row))
    }
  }
  return rows
}

function bucketOfModel(bucket: ModelBucket): BucketOfModel {
  const { session, bucketMs, model, isSubagent } = bucket
  return { session, bucketMs, model, isSubagent, sums: sumsOf(bucket) }
}
