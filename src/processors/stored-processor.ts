/**
 * Records that were stored, read as if they had just come: through the same doors, with the
 * mapping of today, at the time at which they came. Pure.
 */
import type { Intake } from '../domain/rejection.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { StoredBatch } from '../domain/telemetry-record.ts'
import type {
  HookRecord,
  LogRecord,
  MetricPoint,
  SpanRecord,
  StoredRecord,
} from '../domain/telemetry-record.ts'
import { processLogs } from './event-processor.ts'
import { agentOfHooks, processHook } from './hook-processor.ts'
import { processMetrics } from './metrics-processor.ts'
import { processSpans } from './span-processor.ts'

/**
 * What a batch means today; records that no longer mean anything are rejected. In the order in
 * which they are stored, which is the one in which they were folded: sorting them again would put
 * two requests that share a batch in another order.
 */
export function processStored(batch: StoredBatch): Intake<Arrival> {
  const processed = batch.records.map((record) => processOne(batch, record))
  return {
    accepted: processed.flatMap(({ accepted }) => accepted),
    rejected: processed.flatMap(({ rejected }) => rejected),
  }
}

/** A batch's records are all of its signal; the store keeps both side by side. */
function processOne(
  { origin, signal, receivedMs }: StoredBatch,
  record: StoredRecord['record'],
): Intake<Arrival> {
  switch (signal) {
    case 'log':
      return processLogs([{ ...(record as LogRecord), origin }], receivedMs)
    case 'metric':
      return processMetrics([{ ...(record as MetricPoint), origin }], receivedMs)
    case 'trace':
      return processSpans([{ ...(record as SpanRecord), origin }], receivedMs)
    case 'hook':
      return processStoredHook(agentOfHooks(origin), record as HookRecord, receivedMs)
  }
}

function processStoredHook(
  agent: string,
  { body, labels }: HookRecord,
  receivedMs: number,
): Intake<Arrival> {
  const result = processHook(agent, body, receivedMs, labels)
  return result.ok
    ? { accepted: [result.value], rejected: [] }
    : { accepted: [], rejected: [result.error] }
}
