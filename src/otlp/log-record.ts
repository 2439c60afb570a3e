/**
 * Assembles log records from decoded fields. The last step of every encoding, so that all of
 * them end in the same records.
 */
import type { Attributes, AttributeValue } from '../domain/attributes.ts'
import type { LogRecord, Origin } from '../domain/telemetry-record.ts'
import { nanosToMs } from './nanos.ts'

/** The fields of a log record as every encoding yields them. */
export interface LogFields {
  readonly origin: Origin
  /** Decimal nanoseconds; `'0'` when unset. */
  readonly timeNanos: string
  readonly observedNanos: string
  readonly eventName: string
  readonly body: AttributeValue
  readonly attributes: Attributes
  /** Lower-case hexadecimal; empty when unset. */
  readonly traceId: string
  readonly spanId: string
}

/** The record of these fields. */
export function logRecord(fields: LogFields): LogRecord {
  return {
    origin: fields.origin,
    timeMs: nanosToMs(fields.timeNanos),
    observedMs: nanosToMs(fields.observedNanos),
    eventName: fields.eventName,
    body: fields.body,
    attributes: fields.attributes,
    ...(fields.traceId !== '' && { traceId: fields.traceId }),
    ...(fields.spanId !== '' && { spanId: fields.spanId }),
  }
}
