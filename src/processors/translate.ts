/**
 * Last stage: what a record means, as an `AgentEvent` or a `MetricSample`, with its names within
 * their bounds (`bounded-item.ts`). Behind it the records of a batch are in the order in which they
 * happened. Pure.
 */
import type { Arrival } from '../domain/session-store.ts'
import type { Signal } from '../domain/telemetry-record.ts'
import { boundedItem } from './bounded-item.ts'
import { compareLogs, logArrival } from './event-processor.ts'
import { hookArrival } from './hook-processor.ts'
import { compareMetrics, metricArrival } from './metrics-processor.ts'
import { type RecordInProcess, recordProcessor } from './record-processor.ts'
import { compareSpans, spanArrival } from './span-processor.ts'
import { transcriptArrival } from './transcript-processor.ts'

export function translateRecord(record: RecordInProcess, arrivedMs: number): undefined {
  const arrival = arrivalOf(record, arrivedMs)
  if (arrival === undefined) return
  const item = boundedItem(arrival.item)
  record.arrival = item === arrival.item ? arrival : { ...arrival, item }
}

export const translate = recordProcessor('translate', translateRecord)

/** Of a record that was identified. */
function arrivalOf(record: RecordInProcess, arrivedMs: number): Arrival | undefined {
  switch (record.signal) {
    case 'log':
      return record.identified && logArrival(record.record, record.identified, arrivedMs)
    case 'metric':
      return record.identified && metricArrival(record.record, record.identified, arrivedMs)
    case 'trace':
      return record.identified && spanArrival(record.record, record.identified, arrivedMs)
    case 'hook':
      return record.identified && hookArrival(record.record, record.identified, arrivedMs)
    case 'transcript':
      return record.identified && transcriptArrival(record.record, record.identified, arrivedMs)
  }
}

const compare: Readonly<Record<Signal, (a: Arrival, b: Arrival) => number>> = {
  log: compareLogs,
  metric: compareMetrics,
  trace: compareSpans,
  // One request has one hook.
  hook: () => 0,
  transcript: (a, b) => a.item.timeMs - b.item.timeMs,
}

/** The translated records of one signal, in the order in which they happened. */
export function inOrder(records: readonly RecordInProcess[]): Arrival[] {
  const arrivals: Arrival[] = []
  for (const { arrival } of records) if (arrival !== undefined) arrivals.push(arrival)
  const [first] = records
  return first === undefined ? arrivals : arrivals.sort(compare[first.signal])
}
