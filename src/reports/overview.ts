/** `GET /api/overview`: what agents cost and did in a range, shaped as the contract has it. */
import { addSeconds, roundUsd } from '../domain/exact-sum.ts'
import { MAX_AHEAD_MS } from '../domain/numbers.ts'
import { bucketEndOf, bucketOf } from '../domain/usage.ts'
import type { Span, ToolSum } from '../storage/usage-slice.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import {
  dimensionShares,
  type Overview,
  type OverviewQuery,
  type Share,
  type ToolUse,
  type Totals,
} from '../api/contract/overview.ts'
import type { TicketOf } from '../domain/ticket.ts'
import { askedOfCalls, type Conditions, conditionsOf } from './conditions.ts'
import { cutName } from './answer-bounds.ts'
import { cacheHitRatio } from './cache-saving.ts'
import { filterOf, sessionRowOf } from './session-lists.ts'
import type { Pause } from './pause.ts'
import { bucketAt, type BucketUnit, bucketsOf, countBuckets, dayOf } from './time-buckets.ts'
import { type Part, type UsageReport, usageReport } from './usage-report.ts'
import { seriesOf } from './usage-series.ts'
import type { UsageSlices } from './usage-slices.ts'
import { addSums, costsOf, emptySums, tokensOf } from './sums.ts'

export const MAX_BUCKETS = 1000
const MAX_SHARES = 20
const MAX_TOOLS = 50
const MAX_EXPENSIVE_SESSIONS = 10
/** Of the time before a range: a comparison with less of it would say more about the first days than of these. */
const MAX_UNKNOWN_SHARE = 0.1
/** Stands for all models, projects, … beyond those that are listed. */
export const OTHER = '(other)'

export interface OverviewDeps {
  readonly reader: StoreReader
  readonly slices: UsageSlices
  readonly now: () => number
  readonly pause?: Pause
  /** The ticket that a branch is for. */
  readonly ticketOf: TicketOf
}

export async function overviewOf(deps: OverviewDeps, asked: OverviewQuery): Promise<Overview> {
  const query = askedOfCalls(asked)
  const { reader, slices, pause } = deps
  const filter = filterOf(query)
  const range = await rangeOf(deps, query)
  const buckets = bucketsOf(range, query.bucket, query.tz, MAX_BUCKETS)
  const firstMs = buckets[0]?.fromMs ?? range.toMs
  const spanAt = spansFor(buckets, query)
  const conditions = await conditionsOf(deps, query.where)
  const found = await slices.read(filter, range, spanAt, pause, conditions)
  const report = usageReport(found)
  const mostExpensiveModels = report.models.slice(0, MAX_SHARES).map(({ name }) => name)
  const ids = report.mostExpensiveSessions(MAX_EXPENSIVE_SESSIONS)
  const rows = await reader.lists.byIds(ids)
  const mostExpensive = ids.flatMap((id) => rows.filter((row) => row.id === id).map(sessionRowOf))
  return {
    fromMs: range.fromMs,
    toMs: range.toMs,
    totals: totalsOf(report),
    ...(query.from === undefined
      ? { previous: null, previousIsPartial: false }
      : await previousTotals(deps, query, range, conditions)),
    series: seriesOf(buckets, found, mostExpensiveModels, OTHER),
    omittedBuckets: countBuckets({ fromMs: range.fromMs, toMs: firstMs }, query.bucket, query.tz),
    byModel: sharesOf(report.models),
    byAgent: sharesOf(report.agents),
    byProject: sharesOf(report.projects),
    byTeam: sharesOf(report.teams),
    byUser: sharesOf(report.users),
    ...dimensionShares((dimension) => sharesOf(report.byDimension(dimension))),
    cache: {
      hitRatio: cacheHitRatio(report.sums) ?? null,
      savedUsd: report.cacheSavedUsd === undefined ? null : roundUsd(report.cacheSavedUsd),
    },
    tools: report.tools.slice(0, MAX_TOOLS).map(toolUseOf),
    edits: editsOf(report),
    mostExpensive,
    dearest: mostExpensive,
    firstCommit: {
      medianMs: median(report.firstCommitsMs) ?? null,
      sessions: report.firstCommitsMs.length,
    },
  }
}

/**
 * The range that is asked for, whether or not something is in all of it. Only where no begin is named
 * the data says it. What was used is known by quarters of an hour: a range covers every quarter that it
 * touches.
 */
export async function rangeOf(
  { reader, now }: Pick<OverviewDeps, 'reader' | 'now'>,
  { from, to, tz }: Pick<OverviewQuery, 'from' | 'to' | 'tz'>,
): Promise<Span> {
  if (from !== undefined) {
    const fromMs = bucketOf(from)
    if (to !== undefined && to <= from) return { fromMs, toMs: fromMs }
    return { fromMs, toMs: Math.max(fromMs, bucketEndOf(to ?? dayOf(now(), tz).toMs)) }
  }
  // Earlier versions took any time that an agent's clock told.
  const used = await reader.usage.bounds(now() + MAX_AHEAD_MS)
  const bounds = used ?? { fromMs: now(), toMs: now() }
  const fromMs = bucketOf(Math.min(bounds.fromMs, to ?? bounds.fromMs))
  return { fromMs, toMs: Math.max(fromMs, to === undefined ? bounds.toMs : bucketEndOf(to)) }
}

/**
 * The slice of time that a moment is read in: a day, within buckets of an hour the hour. No slice reaches
 * over the end of a bucket.
 */
export function spansFor(
  buckets: readonly Span[],
  { bucket, tz }: { readonly bucket?: BucketUnit | undefined; readonly tz: string },
): (ms: number) => Span {
  const hoursFromMs = bucket === 'hour' ? (buckets[0]?.fromMs ?? 0) : Number.POSITIVE_INFINITY
  return (ms) => {
    const hour = ms >= hoursFromMs ? bucketAt(buckets, ms) : undefined
    if (hour !== undefined) return hour
    const { fromMs, toMs } = dayOf(ms, tz)
    return { fromMs, toMs: ms < hoursFromMs ? Math.min(toMs, hoursFromMs) : toMs }
  }
}

/** Compares the part of the range that is over with as long a time before it. */
async function previousTotals(
  { reader, slices, now, pause }: OverviewDeps,
  query: OverviewQuery,
  { fromMs, toMs }: Span,
  conditions: Conditions | undefined,
): Promise<Pick<Overview, 'previous' | 'previousIsPartial'>> {
  const nowMs = now()
  const overMs = (nowMs > fromMs ? Math.min(toMs, nowMs) : toMs) - fromMs
  const before = { fromMs: bucketOf(fromMs - overMs), toMs: fromMs }
  const spanAt = (ms: number) => dayOf(ms, query.tz)
  const [found, used] = await Promise.all([
    slices.read(filterOf(query), before, spanAt, pause, conditions),
    reader.usage.bounds(nowMs + MAX_AHEAD_MS),
  ])
  const knownFromMs = used?.fromMs ?? nowMs
  return {
    previous: totalsOf(usageReport(found)),
    previousIsPartial: knownFromMs > before.fromMs + overMs * MAX_UNKNOWN_SHARE,
  }
}

function totalsOf(report: UsageReport): Totals {
  const { sums } = report
  const activeUserS = report.activity('active_time_s', 'user')
  const results = report.tools.reduce((sum, tool) => sum + tool.results, 0)
  const failures = report.tools.reduce((sum, tool) => sum + tool.failures, 0)
  return {
    ...costsOf(sums),
    tokens: tokensOf(sums),
    sessions: report.sessions,
    prompts: report.activity('prompts'),
    modelCalls: sums.calls,
    modelErrors: sums.errors,
    toolResults: results,
    toolFailures: failures,
    linesAdded: report.activity('lines_of_code', 'added'),
    linesRemoved: report.activity('lines_of_code', 'removed'),
    ...report.delivered,
    activeUserS: addSeconds(activeUserS, 0),
    activeAgentS: addSeconds(report.activity('active_time_s'), -activeUserS),
  }
}

/** The first ones, and the rest as one. */
function sharesOf(parts: readonly Part[]): Share[] {
  if (parts.length <= MAX_SHARES) return parts.map(shareOf)
  const rest = parts.slice(MAX_SHARES - 1)
  const sums = emptySums()
  for (const part of rest) addSums(sums, part.sums)
  // A session that called several of the models counts with each.
  const sessions = rest.reduce((sum, part) => sum + part.sessions, 0)
  return [...parts.slice(0, MAX_SHARES - 1), { name: OTHER, sums, sessions }].map(shareOf)
}

/** What falls to one name, as the contract has it. */
export function shareOf({ name, sums, sessions }: Part): Share {
  const shown = name === null ? null : cutName(name)
  return {
    name: shown,
    ...costsOf(sums),
    tokens: tokensOf(sums),
    sessions,
    modelCalls: sums.calls,
  }
}

/** A tool's sums over many sessions, as the contract has them. */
export function toolUseOf({ tool, results, failures, refusals, durationMs }: ToolSum): ToolUse {
  return {
    tool: cutName(tool),
    results,
    failures,
    refusals,
    successRate: results > 0 ? (results - failures) / results : null,
    // Results that no duration was told of add nothing to the sum.
    avgMs: results > 0 && durationMs > 0 ? durationMs / results : null,
    // Only sums are kept of many sessions; a session's own page has it.
    p95Ms: null,
  }
}

function editsOf(report: UsageReport): Overview['edits'] {
  const accepted = report.activity('edit_decision', 'accept')
  const rejected = report.activity('edit_decision', 'reject')
  const all = accepted + rejected
  return { accepted, rejected, acceptance: all > 0 ? accepted / all : null }
}

function median(values: readonly number[]): number | undefined {
  // Numbers are compared as such there, several times as fast as by a function.
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)]
  const lower = sorted[Math.ceil(middle) - 1]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}
