/** Records of Claude Code made for variants of the cases: times in ms from `NOW_MS`, one session. */

export const NOW_MS = Date.now() - 60_000

type Values = Readonly<Record<string, string | number>>

export interface MadeLog {
  readonly name: string
  readonly at: number
  readonly sequence?: number
  readonly values: Values
}

export interface MadePoint {
  readonly name: 'cost.usage' | 'token.usage'
  readonly from: number
  readonly to: number
  readonly value: number
  readonly temporality?: 'delta' | 'cumulative'
  readonly values?: Values
}

const attributesOf = (values: Values) =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
  }))

export function logs(records: readonly MadeLog[], resource: Values = {}): string {
  const logRecords = records.map(({ name, at, sequence, values }) => ({
    timeUnixNano: `${NOW_MS + at}000000`,
    attributes: attributesOf({
      'event.name': name,
      'session.id': 's1',
      'prompt.id': 'p1',
      ...(sequence !== undefined && { 'event.sequence': sequence }),
      ...values,
    }),
  }))
  const scope = { name: 'com.anthropic.claude_code.events' }
  return JSON.stringify({
    resourceLogs: [
      { resource: { attributes: attributesOf(resource) }, scopeLogs: [{ scope, logRecords }] },
    ],
  })
}

export function metrics(points: readonly MadePoint[]): string {
  const scope = { name: 'com.anthropic.claude_code' }
  const made = points.map(({ name, from, to, value, temporality = 'delta', values = {} }) => ({
    name: `claude_code.${name}`,
    sum: {
      aggregationTemporality: temporality === 'delta' ? 1 : 2,
      isMonotonic: true,
      dataPoints: [
        {
          attributes: attributesOf({ 'session.id': 's1', model: 'claude-opus-5-5', ...values }),
          startTimeUnixNano: `${NOW_MS + from}000000`,
          timeUnixNano: `${NOW_MS + to}000000`,
          asDouble: value,
        },
      ],
    },
  }))
  return JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ scope, metrics: made }] }] })
}

/** A call that cost 25 cents, unless told otherwise. */
export function apiRequest(at: number, sequence: number | undefined, more: Values = {}): MadeLog {
  return {
    name: 'api_request',
    at,
    ...(sequence !== undefined && { sequence }),
    values: {
      model: 'claude-opus-5-5',
      request_id: 'req_011CXyz',
      cost_usd: 0.25,
      input_tokens: 10,
      output_tokens: 5,
      ...more,
    },
  }
}
