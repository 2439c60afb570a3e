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
import { type Group, GROUPS, partsOf, sessionsOutside } from '../reports/usage-groups.ts'
import { emptySums } from '../reports/sums.ts'
import { type Part, type UsageReport, usageReport } from '../reports/usage-report.ts'
import { createUsageSlices, type Slice } from '../reports/usage-slices.ts'
import { sumsOf } from '../reports/usage-sums.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { bucketEndOf, bucketOf } from '../domain/usage.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { ModelBucket, Span } from '../storage/usage-slice.ts'
import type { Filter } from '../api/contract/filter.ts'
import type { Overview, Share, ToolUse } from '../api/contract/overview.ts'
import type { SessionRow } from '../api/contract/session-list.ts'

export const PERIODS = ['day', 'week', 'month'] as const
export type Period = (typeof PERIODS)[number]

/** What falls to the whole bucket (the name is null then), or to one name in it. */
export type ReportRow = Share & {
  /** When the bucket begins, epoch ms. */
  readonly startMs: number
}

/** The ways to split what was used; complete, the most expensive first. */
export type Shares = Readonly<Record<Group, readonly Share[]>>

export interface ReportData {
  readonly period: Period
  readonly group: Group | undefined
  readonly timeZone: string
  /** What is covered: every quarter of an hour that the range asked for touches. */
  readonly fromMs: number
  readonly toMs: number
  readonly asked: Pick<Filter, 'from' | 'to'>
  readonly overview: Overview
  /** Every bucket of the range is there. When split, an empty one has one row without a name. */
  readonly rows: readonly ReportRow[]
  readonly shares: Shares
  /** All of them, the most used first. */
  readonly tools: readonly ToolUse[]
  /** All sessions that cost something within the range, those that cost most in it first. */
  readonly dearest: readonly SessionRow[]
  readonly tips: readonly Tip[]
}

export interface ReportQuestion {
  readonly period: Period
  readonly group: Group | undefined
  readonly timeZone: string
  /** Without a begin it begins with the data. */
  readonly filter: Filter
  readonly nowMs: number
}

/** Stands for sessions that have no call, or none that succeeded. */
const NO_CALLS = '(no model calls)'
/** More rows than anybody reads, by day two hundred years. */
const MAX_BUCKETS = 75_000
/** Clocks of agents may be ahead of ours by that much. */
const MAX_CLOCK_LEAD_MS = 86_400_000
/** Variables of one SQL statement are bounded. */
const SESSIONS_AT_ONCE = 1000

/** The error says what is wrong with the range. */
export async function reportData(
  reader: StoreReader,
  { period, group, timeZone, filter, nowMs }: ReportQuestion,
): Promise<Result<ReportData, string>> {
  const range = await rangeOf(reader, filter, nowMs)
  const { from, to } = filter
  if (range.fromMs >= range.toMs || (from ?? range.fromMs) >= (to ?? range.toMs)) {
    return err('the requested range ends before it begins')
  }
  const buckets = bucketsOf(range, period, timeZone, MAX_BUCKETS + 1)
  if (buckets.length > MAX_BUCKETS) {
    return err(`this is more than ${MAX_BUCKETS} ${period}s; use a later --since, or --by month`)
  }
  const slices = createUsageSlices({ usage: reader.usage, now: () => nowMs })
  const query = { ...filter, from: range.fromMs, to: range.toMs, tz: timeZone, bucket: period }
  const overview = await overviewOf(
    { reader, slices, now: () => nowMs, pause: letOthersRun },
    query,
  )
  const asked = storeFilterOf(filter)
  const used = await slices.read(asked, range, (ms) => dayOf(ms, timeZone), letOthersRun)
  const report = usageReport(used)
  const modelBuckets = await reader.usage.buckets(asked, range)
  return ok({
    period,
    group,
    timeZone,
    ...range,
    asked: { ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
    overview,
    rows: rowsOf(buckets, used, group),
    shares: sharesOf(report),
    tools: report.tools.map(toolUseOf),
    dearest: await mostExpensiveOf(reader, used),
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
  group: Group | undefined,
): readonly ReportRow[] {
  let next = 0
  return buckets.flatMap(({ fromMs: startMs, toMs }) => {
    const first = next
    while ((slices[next]?.fromMs ?? Number.POSITIVE_INFINITY) < toMs) next += 1
    const report = usageReport(slices.slice(first, next))
    const whole = { name: null, sums: report.sums, sessions: report.sessions }
    const parts = group === undefined ? [] : [...partsOf(report, group), ...idleOf(report, group)]
    return (parts.length > 0 ? parts : [whole]).map((part) => ({ startMs, ...shareOf(part) }))
  })
}

/** The sessions that fall to no name, so that those of a bucket add up. */
function idleOf(report: UsageReport, group: Group): readonly Part[] {
  const sessions = sessionsOutside(report, group)
  return sessions === 0 ? [] : [{ name: NO_CALLS, sums: emptySums(), sessions }]
}

function sharesOf(report: UsageReport): Shares {
  const shares = GROUPS.map((group) => [group, partsOf(report, group).map(shareOf)])
  return Object.fromEntries(shares) as Shares
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
