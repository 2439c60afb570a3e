/**
 * One telemetry record as the OTLP decoders hand it on, whatever encoding it came in.
 * Times are epoch milliseconds (fractions allowed), `undefined` when the sender left them out.
 */
import type { BudgetRefusal } from './budget-refusal.ts'
import type { Attributes, AttributeValue, JsonValue } from './json-value.ts'
import type { SessionKey } from './identity.ts'
import type { TranscriptRank } from './transcript-rank.ts'

/** Who sent a group of records. The same object is shared by all records of one scope. */
export interface Origin {
  readonly resource: Attributes
  readonly scopeName: string
  readonly scopeVersion: string
}

/** How many secrets were masked in a record, by rule; absent where there were none. */
export type Masked = Readonly<Record<string, number>>

/** An OTLP LogRecord (opentelemetry/proto/logs/v1). */
export interface LogRecord {
  readonly origin: Origin
  readonly timeMs: number | undefined
  readonly observedMs: number | undefined
  /** Field 12, `event_name`; empty when unset. */
  readonly eventName: string
  readonly body: AttributeValue
  readonly attributes: Attributes
  /** The time as it was sent, where it could not be read: two records that differ in it are two. */
  readonly timeText?: string
  /** Lower-case hex, present only while the agent traces. */
  readonly traceId?: string
  readonly spanId?: string
  /** Set by the store: another record of its session has the same id; see `record-identity.ts`. */
  readonly isRepeat?: boolean
  /** Set by the store: a transcript tells of the same; see `transcript-join.ts`. */
  readonly transcriptKey?: string
  readonly masked?: Masked
}

/** One number data point of an OTLP sum or gauge (opentelemetry/proto/metrics/v1). */
export interface MetricPoint {
  readonly origin: Origin
  readonly name: string
  readonly unit: string
  readonly temporality: 'delta' | 'cumulative'
  /**
   * `start_time_unix_nano` as sent: identifies one run of a series. Decimal nanoseconds, `'0'` when
   * unset, other text where the time could not be read.
   */
  readonly startNanos: string
  readonly timeNanos: string
  readonly timeMs: number | undefined
  readonly value: number
  readonly attributes: Attributes
  readonly masked?: Masked
}

/** A metric of a kind that is no increment, and of which nothing is made: a gauge, a histogram. */
export interface UnusedMetric {
  readonly origin: Origin
  readonly name: string
  /** How many data points it has. */
  readonly points: number
}

/** Something that happened within a span. */
export interface SpanEventRecord {
  readonly name: string
  readonly timeMs: number | undefined
  readonly attributes: Attributes
}

/** An OTLP Span (opentelemetry/proto/trace/v1). Ids are lower-case hex. */
export interface SpanRecord {
  readonly origin: Origin
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  /** The span's events. */
  readonly moments: readonly SpanEventRecord[]
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: 0 | 1 | 2
  readonly statusMessage: string
  /** Added on the way in, where spans are the source of what is counted. */
  readonly trace?: TraceContextOfSpan
  readonly masked?: Masked
}

/**
 * What the trace around a span says of it: see `processors/known-trace.ts`. It is stored with the
 * span, so that a replay, which sees spans one by one, places them alike.
 */
export interface TraceContextOfSpan {
  /** The session of the trace; absent where no span of it names one. */
  readonly sessionId?: string
  /** The turn it belongs to; absent for what no turn has caused. */
  readonly turnId?: string
  /** The span of the subagent that did it, or that it is. */
  readonly subagentId?: string
  /** The spans around it, the nearest first. */
  readonly within: readonly string[]
  /** Spans below it that stood for it, as the nearest that was missing, in `within` of earlier ones. */
  readonly stoodFor?: readonly string[]
}

/** The kinds of records that come in. */
export type Signal = 'log' | 'metric' | 'trace' | 'hook' | 'transcript'

/**
 * A record as the store keeps it, beside its origin: all of what was decoded, as JSON (numbers that
 * JSON does not have are null there). Hooks are their body and what was known of the folder.
 */
export type StoredRecord =
  | { readonly signal: 'log'; readonly record: Omit<LogRecord, 'origin'> }
  | { readonly signal: 'metric'; readonly record: Omit<MetricPoint, 'origin'> }
  | { readonly signal: 'trace'; readonly record: Omit<SpanRecord, 'origin'> }
  | { readonly signal: 'hook'; readonly record: HookRecord }
  | { readonly signal: 'transcript'; readonly record: Omit<TranscriptRecord, 'origin'> }

/** A hook's body as it was posted, and the labels that its folder gave. */
export interface HookRecord {
  readonly body: Attributes
  readonly labels: Readonly<Record<string, string>>
  readonly masked?: Masked
  /** The answer refused what it asked for: a budget was spent. */
  readonly refusal?: BudgetRefusal
}

/** A hook on its way in: what the agent of that name posted. */
export interface PostedHook extends HookRecord {
  readonly agent: string
}

/**
 * One thing that a line of a transcript tells, in the words of `processors/transcript-processor.ts`,
 * whatever agent wrote the transcript.
 */
export interface TranscriptRecord {
  /** The scope is `transcripts/<agent>`; the resource says which folder, branch and version. */
  readonly origin: Origin
  readonly sessionId: string
  readonly name: string
  /** Names it within its session. */
  readonly key: string
  /** Names it over all sessions: a fork copies the lines of the session that it continues. */
  readonly claim?: string
  readonly timeMs: number | undefined
  readonly attributes: Attributes
  /** It goes to exporters, like telemetry. */
  readonly isExported?: boolean
  /** Set by the store: telemetry told of it before; see `transcript-join.ts`. */
  readonly copyOf?: string
  /** Set by the store: the key under which the telemetry that follows refers to it. */
  readonly joinKey?: string
  /** Of its file. Never stored. */
  readonly rank?: TranscriptRank
  readonly masked?: Masked
}

/** The JSON object that answers a hook. */
export type HookAnswer = Readonly<Record<string, JsonValue>>

// Records as they lie in the store: those of one request that are of one session and signal.

export interface StoredBatch {
  /**
   * The position of its last record; those before it count down from there. Positions grow with
   * every record that is stored, and none is given twice.
   */
  readonly id: number
  readonly sessionKey: SessionKey
  readonly origin: Origin
  readonly signal: Signal
  readonly receivedMs: number
  /** In order; all of the batch's signal. */
  readonly records: readonly StoredRecord['record'][]
}

/** The position of one record of a batch. */
export function positionOf({ id, records }: StoredBatch, index: number): number {
  return id - records.length + 1 + index
}
