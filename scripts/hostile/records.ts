/** Requests in the shape of Claude Code's, with whatever values an abuse wants in them. */
import { encoded } from '../../test/unit/otlp/encode.ts'

export type Value = string | number | boolean
export type Attributes = Readonly<Record<string, Value>>

export interface LogRecord {
  readonly timeUnixNano: string
  readonly body: { readonly stringValue: string }
  readonly attributes: readonly object[]
}

/** A record of a session, `sequence` ms apart from the others. */
export function record(
  sessionId: string,
  event: string,
  sequence: number,
  attributes: Attributes,
  nowMs = Date.now(),
): LogRecord {
  const all: Attributes = {
    'session.id': sessionId,
    'user.id': 'somebody',
    'event.name': event,
    'event.sequence': sequence,
    ...attributes,
  }
  return {
    timeUnixNano: `${nowMs}000000`,
    body: { stringValue: `claude_code.${event}` },
    attributes: Object.entries(all).map(([key, value]) => ({ key, value: anyValue(value) })),
  }
}

/** The body of a `/v1/logs` request. */
export function logsBody(logRecords: readonly LogRecord[]): string {
  return JSON.stringify(logsExport(logRecords))
}

/** The same in protobuf. */
export function logsMessage(logRecords: readonly LogRecord[]): Buffer {
  return encoded('Logs', logsExport(logRecords))
}

/** The body of a `/v1/metrics` request: `points` of one counter of a session. */
export function metricsBody(
  sessionId: string,
  name: string,
  points: readonly number[],
  nowMs = Date.now(),
): string {
  const dataPoints = points.map((asDouble, index) => ({
    startTimeUnixNano: `${nowMs - 1000}000000`,
    timeUnixNano: `${nowMs + index}000000`,
    asDouble,
    attributes: [{ key: 'session.id', value: { stringValue: sessionId } }],
  }))
  const metrics = [
    { name, unit: '1', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } },
  ]
  const scope = { name: 'com.anthropic.claude_code', version: '2.1.329' }
  return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] })
}

const resource = {
  attributes: [
    { key: 'service.name', value: { stringValue: 'claude-code' } },
    { key: 'service.version', value: { stringValue: '2.1.329' } },
  ],
}

function logsExport(logRecords: readonly LogRecord[]): object {
  const scope = { name: 'com.anthropic.claude_code.events', version: '2.1.329' }
  return { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] }
}

function anyValue(value: Value): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isSafeInteger(value) ? { intValue: value } : { doubleValue: value }
}
