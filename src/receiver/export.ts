/**
 * What becomes of one export request behind either door: bytes to records to the store, and only
 * then an answer. The same for every signal.
 */
import type { Attributes } from '../domain/attributes.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { LogRecord, MetricPoint, SpanRecord } from '../domain/telemetry-record.ts'
import type { Counters } from '../observability/counters.ts'
import { decodeLogs } from '../otlp/json-logs.ts'
import { decodeMetrics } from '../otlp/json-metrics.ts'
import { decodeTraces } from '../otlp/json-traces.ts'
import { type RejectedField, summaryOf } from '../otlp/partial-success.ts'
import { decodeWireLogs } from '../otlp/proto-logs.ts'
import { decodeWireMetrics } from '../otlp/proto-metrics.ts'
import { decodeWireTraces } from '../otlp/proto-traces.ts'
import type { Decoders, Encoding } from './encoding.ts'
import type { Failure } from './errors.ts'
import { decodeHook, refuseProtobufHook } from './hook-body.ts'
import type { FailureLog } from './failure-log.ts'
import { notStored } from './failures.ts'

/**
 * Takes decoded records and resolves once they are durable, with those it refused after all.
 * Rejects when they could not all be stored; those that were are known when they come again.
 */
export type Ingest<T> = (records: readonly T[], arrivedMs: number) => Promise<readonly Rejection[]>

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
  /** Resolves to the records that were refused, once all others are durable. */
  take(
    bytes: Buffer,
    encoding: Encoding,
    arrivedMs: number,
  ): Promise<Result<readonly Rejection[], Refusal>>
}

export interface ExportDeps {
  readonly counters: Counters
  readonly failureLog: FailureLog
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
  const logs = { fromJson: decodeLogs, fromProtobuf: decodeWireLogs }
  const metrics = { fromJson: decodeMetrics, fromProtobuf: decodeWireMetrics }
  const traces = { fromJson: decodeTraces, fromProtobuf: decodeWireTraces }
  const hooks = { fromJson: decodeHook, fromProtobuf: refuseProtobufHook }
  return {
    hooks: createExport('hooks', 'rejectedLogRecords', hooks, ingests.ingestHooks, deps),
    logs: createExport('logs', 'rejectedLogRecords', logs, ingests.ingestLogs, deps),
    metrics: createExport('metrics', 'rejectedDataPoints', metrics, ingests.ingestMetrics, deps),
    traces: createExport('traces', 'rejectedSpans', traces, ingests.ingestTraces, deps),
  }
}

function createExport<T>(
  name: SignalName,
  rejectedField: RejectedField,
  decoders: Decoders<T>,
  ingest: Ingest<T>,
  { counters, failureLog }: ExportDeps,
): Export {
  return {
    name,
    rejectedField,
    take: async (bytes, encoding, arrivedMs) => {
      const intake = encoding.decode(bytes, decoders)
      if (!intake.ok) return err({ failure: intake.error })

      const { accepted } = intake.value
      let further: readonly Rejection[] = []
      if (accepted.length > 0) {
        try {
          further = await ingest(accepted, arrivedMs)
        } catch (cause) {
          return err({ failure: notStored, cause })
        }
      }
      counters.countAccepted(accepted.length - further.length)
      const rejected = intake.value.rejected.concat(further)
      if (rejected.length > 0) {
        counters.countRejected(rejected)
        failureLog.partlyRefused({ rejectedField, count: rejected.length }, summaryOf(rejected))
      }
      return ok(rejected)
    },
  }
}
