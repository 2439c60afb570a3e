/**
 * The shape of the chain: records on their way from a receiver to the session handler, and the
 * stages they pass. `chain.ts` has the list.
 */
import type { AgentProfile } from '../agents/profile.ts'
import type { Owner } from '../domain/access.ts'
import type { AgentEvent, RecordInstance } from '../domain/agent-event.ts'
import type { Attributes } from '../domain/json-value.ts'
import type { Implausible } from '../domain/numbers.ts'
import type { Rejection } from '../domain/rejection.ts'
import type { Arrival } from '../domain/session-store.ts'
import type {
  HookAnswer,
  LogRecord,
  MetricPoint,
  PostedHook,
  Signal,
  SpanRecord,
  TranscriptRecord,
} from '../domain/telemetry-record.ts'

/** Decoded records of one signal. */
export type SignalRecords =
  | { readonly signal: 'log'; readonly records: readonly LogRecord[] }
  | { readonly signal: 'metric'; readonly records: readonly MetricPoint[] }
  | { readonly signal: 'trace'; readonly records: readonly SpanRecord[] }
  | { readonly signal: 'hook'; readonly records: readonly PostedHook[] }
  | { readonly signal: 'transcript'; readonly records: readonly TranscriptRecord[] }

/** What every telemetry record is identified by. */
interface RecordIdentity {
  readonly profile: AgentProfile
  readonly sessionId: string
  readonly dedupKey: string
  /** The record's own time where it can be true, else the time of its arrival. */
  readonly timeMs: number
  /** What cannot be true of what the record says, as it was sent. */
  readonly implausible: Implausible | undefined
}

export interface LogIdentity extends RecordIdentity {
  /** Where the key is made of an id that the agent did not make. */
  readonly instance?: RecordInstance | undefined
  /** The event's bare name. */
  readonly name: string
  readonly sequence: number | undefined
  /** The attributes that can be true. */
  readonly attributes: Attributes
}

export interface MetricIdentity extends RecordIdentity {
  readonly seriesKey: string
}

export interface SpanIdentity extends RecordIdentity {
  readonly startMs: number
  /** The attributes that can be true. */
  readonly attributes: Attributes
}

export interface TranscriptIdentity extends Omit<RecordIdentity, 'profile'> {
  /** The attributes that can be true. */
  readonly attributes: Attributes
}

/** The reader of an agent's hooks names the session and the key in one go with the event. */
export interface HookIdentity {
  readonly event: AgentEvent
}

/**
 * One record on its way. The chain owns it: each stage replaces `record` or fills in what it found
 * out, and nothing outside sees the object.
 */
interface InProcess<S extends Signal, R, I> {
  readonly signal: S
  record: R
  /** Set by `recognise`; undefined when no known agent sent the record. */
  profile: AgentProfile | undefined
  /** Set by `identify`. */
  identified: I | undefined
  /** Set by `translate`. */
  arrival: Arrival | undefined
}

export type LogInProcess = InProcess<'log', LogRecord, LogIdentity>
export type MetricInProcess = InProcess<'metric', MetricPoint, MetricIdentity>
export type SpanInProcess = InProcess<'trace', SpanRecord, SpanIdentity>
export type HookInProcess = InProcess<'hook', PostedHook, HookIdentity>
export type TranscriptInProcess = InProcess<'transcript', TranscriptRecord, TranscriptIdentity>
export type RecordInProcess =
  | LogInProcess
  | MetricInProcess
  | SpanInProcess
  | HookInProcess
  | TranscriptInProcess

/** Records at the beginning of the chain. */
export function inProcess({ signal, records }: SignalRecords): readonly RecordInProcess[] {
  return records.map(
    (record) =>
      // Which record belongs to which signal, the type of the argument has checked.
      ({
        signal,
        record,
        profile: undefined,
        identified: undefined,
        arrival: undefined,
      }) as RecordInProcess,
  )
}

/** What a request may hold in memory. */
export interface MemoryPermit {
  /** False when there is no room; then nothing is taken. */
  grow(bytes: number): boolean
  shrink(bytes: number): void
}

/** The request that records come from; the same object for all of its batches. */
export interface IngestRequest {
  /** When the whole request had arrived. */
  readonly arrivedMs: number
  /** Charged for all that is held in memory for it. */
  readonly permit: MemoryPermit
  /** Whose records these are, by the key that they came under; absent where that has no owner. */
  readonly owner?: Owner | undefined
  /** The key's name. */
  readonly keyName?: string | undefined
  /**
   * The fingerprint of the masker that the records have passed on the thread that read them. Where it is
   * that of the chain's own masker, they are not masked again.
   */
  readonly maskedBy?: string | undefined
  /** Takes what a hook is to be answered once it is stored, in place of the empty object. */
  readonly answerHook?: (answer: HookAnswer) => void
}

/** Records of one signal that pass the chain together. */
export interface RecordBatch {
  readonly request: IngestRequest
  readonly records: readonly RecordInProcess[]
}

/** Takes a batch further; resolves once its records are durable, with those that were refused. */
export type NextProcessor = (batch: RecordBatch) => Promise<readonly Rejection[]>

/** A stage of the chain. Hands a batch on whole or in parts, and resolves to all that was refused. */
export interface RecordProcessor {
  readonly name: string
  process(batch: RecordBatch, next: NextProcessor): Promise<readonly Rejection[]>
}

/** What a pure stage does to one record; a rejection takes the record out of the batch. */
export type RecordStage = (record: RecordInProcess, arrivedMs: number) => Rejection | undefined

/** A stage that looks at each record alone. */
export function recordProcessor(name: string, stage: RecordStage): RecordProcessor {
  return {
    name,
    process: async (batch, next) => {
      const { kept, rejected } = applied(stage, batch.records, batch.request.arrivedMs)
      if (rejected.length === 0) return next(batch)
      if (kept.length === 0) return rejected
      return [...rejected, ...(await next({ ...batch, records: kept }))]
    },
  }
}

/** The records that a stage kept, and its refusals. */
export function applied(
  stage: RecordStage,
  records: readonly RecordInProcess[],
  arrivedMs: number,
): { readonly kept: readonly RecordInProcess[]; readonly rejected: readonly Rejection[] } {
  const kept: RecordInProcess[] = []
  const rejected: Rejection[] = []
  for (const record of records) {
    const rejection = stage(record, arrivedMs)
    if (rejection === undefined) kept.push(record)
    else rejected.push(rejection)
  }
  return { kept, rejected }
}
