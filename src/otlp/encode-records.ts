/**
 * Records that an earlier version decoded to forward them, as a request again, in OTLP/JSON. Holds
 * what a record holds (`domain/telemetry-record.ts`): not what the decoders pass over, such as a log's
 * severity.
 */
import type { Attributes } from '../domain/json-value.ts'
import type { ForwardedRecords } from '../domain/forwarded-records.ts'
import type { LogRecord, MetricPoint, SpanRecord } from '../domain/telemetry-record.ts'
import { anyValueJson } from './encode-values.ts'
import { nanosecondsOf } from './nanoseconds.ts'

const TEMPORALITY = { delta: 1, cumulative: 2 } as const

/** The body of one request. Throws on times that are no times. */
export function recordsRequestJson(batch: ForwardedRecords): string {
  const { resource, scopeName, scopeVersion } = batch.origin
  const of = { resource: { attributes: attributesJson(resource) } }
  const scope = { name: scopeName, version: scopeVersion }
  switch (batch.signal) {
    case 'log':
      return JSON.stringify({
        resourceLogs: [{ ...of, scopeLogs: [{ scope, logRecords: batch.records.map(logJson) }] }],
      })
    case 'metric':
      return JSON.stringify({
        resourceMetrics: [
          { ...of, scopeMetrics: [{ scope, metrics: batch.records.map(metricJson) }] },
        ],
      })
    case 'trace':
      return JSON.stringify({
        resourceSpans: [{ ...of, scopeSpans: [{ scope, spans: batch.records.map(spanJson) }] }],
      })
  }
}

function logJson(record: Omit<LogRecord, 'origin'>): object {
  const { timeMs, observedMs, eventName, body, attributes, traceId, spanId } = record
  return {
    timeUnixNano: timeOf(timeMs),
    observedTimeUnixNano: timeOf(observedMs),
    ...(eventName !== '' && { eventName }),
    ...(body !== null && { body: anyValueJson(body) }),
    attributes: attributesJson(attributes),
    traceId,
    spanId,
  }
}

/** One point is a metric of its own: receivers put equal series together. */
function metricJson(point: Omit<MetricPoint, 'origin'>): object {
  const { name, unit, temporality, startNanos, timeNanos, value, attributes } = point
  return {
    name,
    unit,
    sum: {
      aggregationTemporality: TEMPORALITY[temporality],
      isMonotonic: true,
      dataPoints: [
        {
          startTimeUnixNano: startNanos,
          timeUnixNano: timeNanos,
          asDouble: value,
          attributes: attributesJson(attributes),
        },
      ],
    },
  }
}

function spanJson(span: Omit<SpanRecord, 'origin'>): object {
  const { traceId, spanId, parentSpanId, name, startMs, endMs, attributes } = span
  return {
    traceId,
    spanId,
    parentSpanId,
    name,
    startTimeUnixNano: nanosecondsOf(startMs),
    endTimeUnixNano: nanosecondsOf(endMs),
    attributes: attributesJson(attributes),
    events: span.moments.map((event) => ({
      name: event.name,
      timeUnixNano: timeOf(event.timeMs),
      attributes: attributesJson(event.attributes),
    })),
    status: { code: span.statusCode, message: span.statusMessage },
  }
}

function timeOf(timeMs: number | undefined | null): string | undefined {
  return timeMs === undefined || timeMs === null ? undefined : nanosecondsOf(timeMs)
}

function attributesJson(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key: key.toWellFormed(),
    value: anyValueJson(value),
  }))
}
