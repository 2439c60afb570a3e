/** `GET /api/overview`: what agents cost and did in a range of time, for the first page. */
import { z } from 'zod'
import { DIMENSIONS, type Dimension, dimensions } from '../../domain/usage.ts'
import { filterShape, timeZone } from './filter.ts'
import { costShape, count, durationMs, ratio, seconds, timeMs, tokens, usd } from './quantities.ts'
import { sessionRow } from './session-list.ts'

export const BUCKETS = ['hour', 'day', 'week', 'month'] as const

export const overviewQuery = z.object({
  ...filterShape,
  tz: timeZone,
  bucket: z.enum(BUCKETS).default('day').meta({ description: 'weeks begin on Monday' }),
})
export type OverviewQuery = z.output<typeof overviewQuery>

/** Sums over the range. What happened counts, not when its session began. */
export const totals = z
  .object({
    ...costShape,
    tokens,
    sessions: count,
    prompts: count,
    modelCalls: count,
    modelErrors: count,
    toolResults: count,
    toolFailures: count,
    linesAdded: count,
    linesRemoved: count,
    commits: count,
    pullRequests: count,
    activeUserS: seconds,
    activeAgentS: seconds,
  })
  .meta({ id: 'Totals' })
export type Totals = z.infer<typeof totals>

/** One bucket of time. Every bucket of the range is there (at most 1000), empty ones as zeros. */
export const bucket = z
  .object({
    startMs: timeMs,
    ...costShape,
    tokens,
    sessions: count,
    modelCalls: count,
    /**
     * Cost by model, for a stacked chart; models that cost nothing are left out. The range's 20
     * most expensive, the rest as `(other)`.
     */
    costByModelUsd: z.record(z.string(), usd),
  })
  .meta({ id: 'Bucket' })
export type Bucket = z.infer<typeof bucket>

/** What falls to one name of a group: a model, an agent, a skill, … */
export const share = z
  .object({
    /** Null: the sessions or calls that name none. */
    name: z.string().nullable(),
    ...costShape,
    tokens,
    sessions: count,
    modelCalls: count,
  })
  .meta({ id: 'Share' })
export type Share = z.infer<typeof share>

/** The field with the shares by a dimension: `bySkill`. */
export type ShareField = { [Name in Dimension]: `by${Capitalize<Name>}` }[Dimension]

function shareField(dimension: Dimension): ShareField {
  return `by${dimension.charAt(0).toUpperCase()}${dimension.slice(1)}` as ShareField
}

/** The fields of all dimensions. */
export function dimensionShares<T>(of: (dimension: Dimension) => T): Record<ShareField, T> {
  const fields = dimensions.map((dimension) => [shareField(dimension), of(dimension)])
  return Object.fromEntries(fields) as Record<ShareField, T>
}

/** What calls can be split by, in the order in which it is listed. */
export const SHARE_FIELDS = dimensions.map((dimension) => ({
  field: shareField(dimension),
  /** Within a sentence: `MCP server`. */
  label: DIMENSIONS[dimension].label,
}))

export const toolUse = z
  .object({
    tool: z.string(),
    results: count,
    failures: count,
    refusals: count,
    successRate: ratio,
    avgMs: durationMs.nullable(),
    p95Ms: durationMs.nullable(),
  })
  .meta({ id: 'ToolUse' })
export type ToolUse = z.infer<typeof toolUse>

export const overviewAnswer = z
  .object({
    /**
     * The range that was asked for, whether or not there is something in all of it. Without `from` it
     * begins with the data; without `to` it ends with the current day, and with neither of them with
     * the data.
     */
    fromMs: timeMs,
    toMs: timeMs,
    totals,
    /**
     * The time before this range, as long as the part of it that is over; null when no `from` was
     * given.
     */
    previous: totals.nullable(),
    /** What is stored begins after the first tenth of that time: no base to compare with. */
    previousIsPartial: z.boolean(),
    series: z.array(bucket),
    /** Buckets of the range before the first one of `series`. */
    omittedBuckets: count,
    /** The most expensive first; at most 20 each, the rest as one share named `(other)`. */
    byModel: z.array(share),
    byAgent: z.array(share),
    byProject: z.array(share),
    byTeam: z.array(share),
    byUser: z.array(share),
    /** By what model calls were made for and by; `cost source` is who says what they cost. */
    ...dimensionShares(() => z.array(share)),
    cache: z.object({
      /** Tokens read from the cache over all input tokens. */
      hitRatio: ratio,
      /**
       * What the same tokens would have cost more without a cache; what writing to the cache
       * costs on top is taken off. Null when no price can be derived.
       */
      savedUsd: usd.nullable(),
    }),
    /** The most used first; at most 50. */
    tools: z.array(toolUse),
    edits: z.object({ accepted: count, rejected: count, acceptance: ratio }),
    /** At most 10 sessions. */
    mostExpensive: z.array(sessionRow),
    /** The same under its first name: within a major version, no field is taken away. */
    dearest: z.array(sessionRow),
    /** From a session's first prompt to its first commit, over the sessions that have one. */
    firstCommit: z.object({ medianMs: durationMs.nullable(), sessions: count }),
  })
  .meta({ id: 'Overview' })
export type Overview = z.infer<typeof overviewAnswer>
