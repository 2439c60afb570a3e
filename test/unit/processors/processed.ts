/** Records of each signal through the pure stages of the chain. */
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { Intake, Rejection } from '../../../src/domain/rejection.ts'
import { err, ok, type Result } from '../../../src/domain/result.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import type { LogRecord, MetricPoint, SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { processRecords } from '../../../src/processors/stored-processor.ts'

export function processLogs(records: readonly LogRecord[], arrivedMs: number): Intake<Arrival> {
  return processRecords({ signal: 'log', records }, arrivedMs)
}

export function processMetrics(
  records: readonly MetricPoint[],
  arrivedMs: number,
): Intake<Arrival> {
  return processRecords({ signal: 'metric', records }, arrivedMs)
}

export function processSpans(records: readonly SpanRecord[], arrivedMs: number): Intake<Arrival> {
  return processRecords({ signal: 'trace', records }, arrivedMs)
}

export function processHook(
  agent: string,
  body: Attributes,
  arrivedMs: number,
  labels: Readonly<Record<string, string>>,
): Result<Arrival, Rejection> {
  const hooks = { signal: 'hook', records: [{ agent, body, labels }] } as const
  const { accepted, rejected } = processRecords(hooks, arrivedMs)
  const [arrival] = accepted
  if (arrival !== undefined) return ok(arrival)
  const [rejection] = rejected
  if (rejection === undefined) throw new Error('the hook was neither taken nor refused')
  return err(rejection)
}
