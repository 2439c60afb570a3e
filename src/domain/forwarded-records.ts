/**
 * Records on their way to another collector as the first versions kept them: what was decoded of them.
 * They may still wait in the outbox of such a version (`forwarded-request.ts` took their place).
 */
import type { SessionKey } from './identity.ts'
import type { LogRecord, MetricPoint, Origin, SpanRecord } from './telemetry-record.ts'

/** Those of one request that were of one session and one origin. */
export type ForwardedRecords = {
  readonly kind: 'records'
  readonly sessionKey: SessionKey
  readonly key: ''
  readonly origin: Origin
} & (
  | { readonly signal: 'log'; readonly records: readonly Omit<LogRecord, 'origin'>[] }
  | { readonly signal: 'metric'; readonly records: readonly Omit<MetricPoint, 'origin'>[] }
  | { readonly signal: 'trace'; readonly records: readonly Omit<SpanRecord, 'origin'>[] }
)
