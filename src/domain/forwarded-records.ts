/** Records on their way to another collector, as they came in. */
import type { Arrival } from './session-store.ts'
import type { SessionKey } from './identity.ts'
import type { LogRecord, MetricPoint, Origin, SpanRecord } from './telemetry-record.ts'

/** Those of one request that are of one session and one origin. Hooks are no OTLP: none has any. */
export type ForwardedRecords = {
  readonly kind: 'records'
  readonly sessionKey: SessionKey
  /** Forwarded records replace nothing: none has a key. */
  readonly key: ''
  readonly origin: Origin
} & ForwardedSignal

type ForwardedSignal =
  | { readonly signal: 'log'; readonly records: readonly Omit<LogRecord, 'origin'>[] }
  | { readonly signal: 'metric'; readonly records: readonly Omit<MetricPoint, 'origin'>[] }
  | { readonly signal: 'trace'; readonly records: readonly Omit<SpanRecord, 'origin'>[] }

/** What is forwarded of arrivals, in their order. */
export function forwardedRecords(arrivals: readonly Arrival[]): readonly ForwardedRecords[] {
  const batches = new Map<Origin, Map<string, Mutable>>()
  for (const { sessionKey, original, ...arrival } of arrivals) {
    const { origin, stored } = original ?? arrival
    if (stored.signal === 'hook') continue
    const ofOrigin = batches.get(origin) ?? new Map<string, Mutable>()
    batches.set(origin, ofOrigin)
    const group = `${stored.signal} ${sessionKey}`
    const { signal } = stored
    const batch = ofOrigin.get(group) ?? { sessionKey, signal, origin, records: [] }
    ofOrigin.set(group, batch)
    batch.records.push(stored.record)
  }
  return [...batches.values()].flatMap((ofOrigin) =>
    [...ofOrigin.values()].map(
      // The records of a group are of its signal.
      (batch) => ({ kind: 'records', key: '', ...batch }) as unknown as ForwardedRecords,
    ),
  )
}

interface Mutable {
  readonly sessionKey: SessionKey
  readonly signal: ForwardedSignal['signal']
  readonly origin: Origin
  readonly records: object[]
}
