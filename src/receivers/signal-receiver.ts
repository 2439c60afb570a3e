/**
 * What becomes of one export request behind either door: bytes to records to the store, and only
 * then an answer. The same for every signal. A large request is stored part by part, taking turns
 * with others.
 */
import type { Attributes } from '../domain/json-value.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { LogRecord, MetricPoint, Origin, SpanRecord } from '../domain/telemetry-record.ts'
import type { Counters } from '../observability/counters.ts'
import type { DecodeFailure, Decoding, Part } from '../otlp/decoding.ts'
import { jsonLogs } from '../otlp/json-logs.ts'
import { jsonMetrics } from '../otlp/json-metrics.ts'
import { decodeJson } from '../otlp/json-request.ts'
import { jsonTraces } from '../otlp/json-traces.ts'
import { type RejectedField, summaryOf } from '../otlp/partial-success.ts'
import { decodeProto } from '../otlp/proto-envelope.ts'
import { wireLogs } from '../otlp/proto-logs.ts'
import { wireMetrics } from '../otlp/proto-metrics.ts'
import { wireTraces } from '../otlp/proto-traces.ts'
import type { Permit } from './admission.ts'
import type { Decoders, Encoding } from './encoding.ts'
import type { Failure } from './errors.ts'
import type { FailureLog } from './refusal-log.ts'
import { notStored, overloaded, stopping } from './errors.ts'
import { hookDecoders } from './hooks/hook-body.ts'
import { lotsOf } from './lots.ts'
import { createRejections, type Rejections } from './refusal-log.ts'
import { createTurns, type Turns } from './turns.ts'

/** The request that records come from. */
export interface ExportRequest {
  readonly arrivedMs: number
  /** Charged for all that is held in memory for it. */
  readonly permit: Permit
}

/**
 * Begins to take a request. What it returns takes decoded records, of which a large request brings
 * several lots, and resolves once they are durable, with those it refused after all. It rejects when
 * they could not all be stored; those that were are known when they come again.
 */
export type Ingest<T> = (
  request: ExportRequest,
) => (records: readonly T[]) => Promise<readonly Rejection[]>

/** A failure, with what caused it, for the log only. */
export interface Refusal {
  readonly failure: Failure
  readonly cause?: unknown
}

export type SignalName = 'logs' | 'metrics' | 'traces' | 'hooks'

/** One signal, behind every door. */
export interface Export {
  readonly name: SignalName
  readonly rejectedField: RejectedField
  /**
   * Resolves to the records that were refused, once all others are durable. After a failure, parts
   * that came before it may be: a client that sends them again has them counted once.
   */
  take(
    bytes: Buffer,
    encoding: Encoding,
    request: ExportRequest,
  ): Promise<Result<readonly Rejection[], Refusal>>
}

export interface ExportDeps {
  readonly counters: Counters
  readonly failureLog: FailureLog
  /** Once aborted, large requests end with the part at hand. */
  readonly stopping: AbortSignal
}

export interface Ingests {
  readonly ingestHooks: Ingest<Attributes>
  readonly ingestLogs: Ingest<LogRecord>
  readonly ingestMetrics: Ingest<MetricPoint>
  readonly ingestTraces: Ingest<SpanRecord>
}

export type Exports = Readonly<Record<SignalName, Export>>

/** The three signals of OTLP, and hooks, which come through the same door. */
export function createExports(ingests: Ingests, deps: ExportDeps): Exports {
  const logs: Decoders<LogRecord> = {
    fromJson: (bytes) => decodeJson(bytes, jsonLogs),
    fromProtobuf: (bytes) => decodeProto(bytes, wireLogs),
  }
  const metrics: Decoders<MetricPoint> = {
    fromJson: (bytes) => decodeJson(bytes, jsonMetrics),
    fromProtobuf: (bytes) => decodeProto(bytes, wireMetrics),
  }
  const traces: Decoders<SpanRecord> = {
    fromJson: (bytes) => decodeJson(bytes, jsonTraces),
    fromProtobuf: (bytes) => decodeProto(bytes, wireTraces),
  }
  const shared = { ...deps, turns: createTurns(1) }
  const { ingestHooks, ingestLogs, ingestMetrics, ingestTraces } = ingests
  const rejectedHooks = 'rejectedLogRecords'
  return {
    hooks: createExport('hooks', rejectedHooks, hookDecoders, ingestHooks, noOrigin, shared),
    logs: createExport('logs', 'rejectedLogRecords', logs, ingestLogs, originOf, shared),
    metrics: createExport(
      'metrics',
      'rejectedDataPoints',
      metrics,
      ingestMetrics,
      originOf,
      shared,
    ),
    traces: createExport('traces', 'rejectedSpans', traces, ingestTraces, originOf, shared),
  }
}

/** Hooks have none. */
type OriginOf<T> = (record: T) => Origin | undefined

const originOf = ({ origin }: { readonly origin: Origin }): Origin => origin
const noOrigin = (): undefined => undefined

function createExport<T>(
  name: SignalName,
  rejectedField: RejectedField,
  decoders: Decoders<T>,
  ingest: Ingest<T>,
  originOf: OriginOf<T>,
  deps: ExportDeps & { readonly turns: Turns },
): Export {
  const { counters, failureLog, stopping: isStopping, turns } = deps

  const takeParts = async (
    decoding: Decoding<T>,
    request: ExportRequest,
  ): Promise<Result<readonly Rejection[], Refusal>> => {
    const rejections = createRejections()
    const keep = createKeeping(ingest(request), request.permit, rejections, counters, originOf)
    let endTurn = nothing
    try {
      // What is small is one part, and waits for no turn.
      for (let step = decoding.next(); ; step = decoding.next()) {
        if (step.done === true) return err({ failure: malformed(step.value) })
        const part = step.value
        const refusal = part && (await keep(part))
        if (refusal !== undefined) return err(refusal)
        if (part?.isLast === true) return ok(rejections.all())
        endTurn()
        if (isStopping.aborted) return err({ failure: stopping })
        endTurn = await turns.next()
      }
    } finally {
      endTurn()
    }
  }

  return {
    name,
    rejectedField,
    take: async (bytes, encoding, request) => {
      const taken = await takeParts(encoding.decode(bytes, decoders), request)
      if (taken.ok && taken.value.length > 0) {
        const rejected = taken.value
        counters.countRejected(rejected)
        failureLog.partlyRefused({ rejectedField, count: rejected.length }, summaryOf(rejected))
      }
      return taken
    },
  }
}

/** Has the parts of one request stored. Resolves to why that failed, if it did. */
function createKeeping<T>(
  store: ReturnType<Ingest<T>>,
  permit: Permit,
  rejections: Rejections,
  counters: Counters,
  originOf: OriginOf<T>,
): (part: Part<T>) => Promise<Refusal | undefined> {
  /** What the largest part so far took; the next one takes its place. */
  let heldBytes = 0

  return async ({ accepted, rejected, heapBytes }) => {
    if (heapBytes > heldBytes) {
      if (!permit.growDecoding(heapBytes - heldBytes)) return { failure: overloaded }
      heldBytes = heapBytes
    }
    rejections.add(rejected)
    for (const records of lotsOf(accepted, originOf)) {
      let refused: readonly Rejection[]
      try {
        refused = await store(records)
      } catch (cause) {
        return { failure: notStored, cause }
      }
      rejections.add(refused)
      counters.countAccepted(records.length - refused.length)
    }
    return undefined
  }
}

function malformed(failure: DecodeFailure): Failure {
  return { kind: 'malformed', message: failure.message }
}

function nothing(): void {
  // Whoever has no turn has none to end.
}
