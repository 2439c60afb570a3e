/**
 * Records that were stored, read as if they had just come: through the same doors, with the
 * mapping of today, at the time at which they came. Pure.
 */
import type { Intake } from '../domain/rejection.ts'
import type { Arrival } from '../domain/store.ts'
import type { StoredBatch } from '../domain/stored-batch.ts'
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

/** What a batch means today; records that no longer mean anything are rejected. */
export function processStored({
  origin,
  signal,
  receivedMs,
  records,
}: StoredBatch): Intake<Arrival> {
  switch (signal) {
    case 'log':
      return processLogs(withOrigin<LogRecord>(records), receivedMs)
    case 'metric':
      return processMetrics(withOrigin<MetricPoint>(records), receivedMs)
    case 'trace':
      return processSpans(withOrigin<SpanRecord>(records), receivedMs)
    case 'hook':
      return processHooks(agentOfHooks(origin), records as readonly HookRecord[], receivedMs)
  }

  // A batch's records are all of its signal; the store keeps both side by side.
  function withOrigin<T>(of: readonly StoredRecord['record'][]): T[] {
    return of.map((record) => ({ ...record, origin }) as T)
  }
}

function processHooks(
  agent: string,
  hooks: readonly HookRecord[],
  receivedMs: number,
): Intake<Arrival> {
  const results = hooks.map(({ body, labels }) => processHook(agent, body, receivedMs, labels))
  return {
    accepted: results.flatMap((result) => (result.ok ? [result.value] : [])),
    rejected: results.flatMap((result) => (result.ok ? [] : [result.error])),
  }
}
