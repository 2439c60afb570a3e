/** OTLP requests as Claude Code sends them, from plain names and values. */

export type Values = Readonly<Record<string, string | number | undefined>>

export interface LogEntry {
  readonly name: string
  readonly atMs: number
  readonly values: Values
}

export interface MetricEntry {
  readonly name: string
  readonly value: number
  readonly values: Values
}

const SCOPE = 'com.anthropic.claude_code'
const VERSION = '2.1.329'

/** A body for `/v1/logs`; `common` stands on each record. */
export function logsBody(resource: Values, common: Values, entries: readonly LogEntry[]): object {
  const logRecords = entries.map(({ name, atMs, values }, sequence) => ({
    timeUnixNano: nanos(atMs),
    body: { stringValue: `claude_code.${name}` },
    attributes: attributesOf({
      ...common,
      'event.name': name,
      'event.timestamp': new Date(atMs).toISOString(),
      'event.sequence': sequence,
      ...values,
    }),
  }))
  const scope = { name: `${SCOPE}.events`, version: VERSION }
  return { resourceLogs: [{ ...resourceOf(resource), scopeLogs: [{ scope, logRecords }] }] }
}

/** A body for `/v1/metrics`, of deltas. */
export function metricsBody(
  resource: Values,
  common: Values,
  atMs: number,
  entries: readonly MetricEntry[],
): object {
  const metrics = entries.map(({ name, value, values }) => ({
    name: `claude_code.${name}`,
    sum: {
      aggregationTemporality: 1,
      isMonotonic: true,
      dataPoints: [
        {
          attributes: attributesOf({ ...common, ...values }),
          startTimeUnixNano: nanos(atMs - 60_000),
          timeUnixNano: nanos(atMs),
          asDouble: value,
        },
      ],
    },
  }))
  const scope = { name: SCOPE, version: VERSION }
  return { resourceMetrics: [{ ...resourceOf(resource), scopeMetrics: [{ scope, metrics }] }] }
}

function resourceOf(values: Values): object {
  const all = { 'service.name': 'claude-code', 'service.version': VERSION, ...values }
  return { resource: { attributes: attributesOf(all) } }
}

function attributesOf(values: Values): object[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({
      key,
      value: typeof value === 'number' ? { doubleValue: value } : { stringValue: value },
    }))
}

function nanos(ms: number): string {
  return `${Math.round(ms)}000000`
}
