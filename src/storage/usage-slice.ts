/** What was used within a slice of time, as a store sums it up for reports. */
import type { SessionRow } from '../domain/session-store.ts'
import type { Activity, ModelUsage, ToolUsage, UsageDimensions } from '../domain/usage.ts'

/** From `fromMs` up to and without `toMs`, epoch ms. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** A span for columns of whole numbers: the same ones lie within. */
export function wholeSpan({ fromMs, toMs }: Span): Span {
  return { fromMs: wholeMs(fromMs), toMs: wholeMs(toMs) }
}

/** The first whole number from there on that such a column can hold. */
export function wholeMs(ms: number): number {
  return Math.ceil(Math.min(Math.max(ms, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))
}

/** A session that used something within the slice. */
export interface ActiveSession
  extends Pick<
    SessionRow<unknown>,
    'agent' | 'project' | 'team' | 'userId' | 'firstPromptMs' | 'firstCommitMs'
  > {
  /** Its number in this store, counting up from 1. */
  readonly id: number
}

/** Of one session and one model. A figure that is not known is 0. */
export interface ModelSum
  extends Readonly<
    Pick<
      ModelUsage,
      | 'model'
      | 'calls'
      | 'errors'
      | 'costUsd'
      | 'estimatedUsd'
      | 'metricsUsd'
      | 'unpricedCalls'
      | 'inputTokens'
      | 'outputTokens'
      | 'cacheReadTokens'
      | 'cacheCreationTokens'
    >
  > {
  /** The session's number. */
  readonly session: number
}

/** Of one session, one model and one set of dimensions. */
export interface DimensionSum extends ModelSum {
  /** One object for each set, over all slices. */
  readonly dimensions: UsageDimensions
}

/** Of one session and one model within a quarter of an hour. */
export interface ModelBucket
  extends ModelSum,
    Readonly<Pick<ModelUsage, 'bucketMs' | 'isSubagent'>> {}

/** Of all sessions. */
export type ToolSum = Readonly<
  Pick<ToolUsage, 'tool' | 'results' | 'failures' | 'refusals' | 'durationMs'>
>

/** Of all sessions. */
export interface ActivitySum extends Readonly<Pick<Activity, 'facet' | 'value'>> {
  /** An `ActivityMeasure`, or one of another version. */
  readonly measure: string
}

/** Commits or pull requests of one session, as its metrics count them. */
export interface MadeSum {
  /** The session's number. */
  readonly session: number
  readonly measure: string
  readonly value: number
}

export interface UsageSlice {
  readonly sessions: readonly ActiveSession[]
  /** By session, then by model. */
  readonly models: readonly DimensionSum[]
  readonly tools: readonly ToolSum[]
  readonly activity: readonly ActivitySum[]
  readonly made: readonly MadeSum[]
}
