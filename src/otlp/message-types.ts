/**
 * The messages of OTLP (opentelemetry/proto, 1.9) as a table: what a field of the wire is called in
 * OTLP/JSON, and what it holds. Everything that is defined is in it, also what the bridge does not
 * use: what is forwarded has to keep it.
 */

/**
 * Scalars, by how they stand on the wire and in OTLP/JSON: 64-bit integers are decimal text there,
 * `id` is hexadecimal, `bytes` is base64.
 */
export type ScalarType =
  | 'string'
  | 'bool'
  | 'double'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'int32'
  | 'int64'
  | 'sint32'
  | 'uint32'
  | 'uint64'
  | 'id'
  | 'bytes'

export interface FieldType {
  readonly name: string
  readonly type: ScalarType | MessageName
  readonly isRepeated: boolean
}

/** By the field's number. */
export type MessageType = ReadonlyMap<number, FieldType>

/** `name: type` by number; `type[]` is repeated. */
const definitions = {
  ExportLogsServiceRequest: { 1: 'resourceLogs: ResourceLogs[]' },
  ResourceLogs: { 1: 'resource: Resource', 2: 'scopeLogs: ScopeLogs[]', 3: 'schemaUrl: string' },
  ScopeLogs: { 1: 'scope: Scope', 2: 'logRecords: LogRecord[]', 3: 'schemaUrl: string' },
  LogRecord: {
    1: 'timeUnixNano: fixed64',
    2: 'severityNumber: int32',
    3: 'severityText: string',
    5: 'body: AnyValue',
    6: 'attributes: KeyValue[]',
    7: 'droppedAttributesCount: uint32',
    8: 'flags: fixed32',
    9: 'traceId: id',
    10: 'spanId: id',
    11: 'observedTimeUnixNano: fixed64',
    12: 'eventName: string',
  },

  ExportTraceServiceRequest: { 1: 'resourceSpans: ResourceSpans[]' },
  ResourceSpans: { 1: 'resource: Resource', 2: 'scopeSpans: ScopeSpans[]', 3: 'schemaUrl: string' },
  ScopeSpans: { 1: 'scope: Scope', 2: 'spans: Span[]', 3: 'schemaUrl: string' },
  Span: {
    1: 'traceId: id',
    2: 'spanId: id',
    3: 'traceState: string',
    4: 'parentSpanId: id',
    5: 'name: string',
    6: 'kind: int32',
    7: 'startTimeUnixNano: fixed64',
    8: 'endTimeUnixNano: fixed64',
    9: 'attributes: KeyValue[]',
    10: 'droppedAttributesCount: uint32',
    11: 'events: SpanEvent[]',
    12: 'droppedEventsCount: uint32',
    13: 'links: SpanLink[]',
    14: 'droppedLinksCount: uint32',
    15: 'status: Status',
    16: 'flags: fixed32',
  },
  SpanEvent: {
    1: 'timeUnixNano: fixed64',
    2: 'name: string',
    3: 'attributes: KeyValue[]',
    4: 'droppedAttributesCount: uint32',
  },
  SpanLink: {
    1: 'traceId: id',
    2: 'spanId: id',
    3: 'traceState: string',
    4: 'attributes: KeyValue[]',
    5: 'droppedAttributesCount: uint32',
    6: 'flags: fixed32',
  },
  Status: { 2: 'message: string', 3: 'code: int32' },

  ExportMetricsServiceRequest: { 1: 'resourceMetrics: ResourceMetrics[]' },
  ResourceMetrics: {
    1: 'resource: Resource',
    2: 'scopeMetrics: ScopeMetrics[]',
    3: 'schemaUrl: string',
  },
  ScopeMetrics: { 1: 'scope: Scope', 2: 'metrics: Metric[]', 3: 'schemaUrl: string' },
  Metric: {
    1: 'name: string',
    2: 'description: string',
    3: 'unit: string',
    5: 'gauge: Gauge',
    7: 'sum: Sum',
    9: 'histogram: Histogram',
    10: 'exponentialHistogram: ExponentialHistogram',
    11: 'summary: Summary',
    12: 'metadata: KeyValue[]',
  },
  Gauge: { 1: 'dataPoints: NumberDataPoint[]' },
  Sum: {
    1: 'dataPoints: NumberDataPoint[]',
    2: 'aggregationTemporality: int32',
    3: 'isMonotonic: bool',
  },
  Histogram: { 1: 'dataPoints: HistogramDataPoint[]', 2: 'aggregationTemporality: int32' },
  ExponentialHistogram: {
    1: 'dataPoints: ExponentialHistogramDataPoint[]',
    2: 'aggregationTemporality: int32',
  },
  Summary: { 1: 'dataPoints: SummaryDataPoint[]' },
  NumberDataPoint: {
    2: 'startTimeUnixNano: fixed64',
    3: 'timeUnixNano: fixed64',
    4: 'asDouble: double',
    5: 'exemplars: Exemplar[]',
    6: 'asInt: sfixed64',
    7: 'attributes: KeyValue[]',
    8: 'flags: uint32',
  },
  HistogramDataPoint: {
    2: 'startTimeUnixNano: fixed64',
    3: 'timeUnixNano: fixed64',
    4: 'count: fixed64',
    5: 'sum: double',
    6: 'bucketCounts: fixed64[]',
    7: 'explicitBounds: double[]',
    8: 'exemplars: Exemplar[]',
    9: 'attributes: KeyValue[]',
    10: 'flags: uint32',
    11: 'min: double',
    12: 'max: double',
  },
  ExponentialHistogramDataPoint: {
    1: 'attributes: KeyValue[]',
    2: 'startTimeUnixNano: fixed64',
    3: 'timeUnixNano: fixed64',
    4: 'count: fixed64',
    5: 'sum: double',
    6: 'scale: sint32',
    7: 'zeroCount: fixed64',
    8: 'positive: Buckets',
    9: 'negative: Buckets',
    10: 'flags: uint32',
    11: 'exemplars: Exemplar[]',
    12: 'min: double',
    13: 'max: double',
    14: 'zeroThreshold: double',
  },
  Buckets: { 1: 'offset: sint32', 2: 'bucketCounts: uint64[]' },
  SummaryDataPoint: {
    2: 'startTimeUnixNano: fixed64',
    3: 'timeUnixNano: fixed64',
    4: 'count: fixed64',
    5: 'sum: double',
    6: 'quantileValues: ValueAtQuantile[]',
    7: 'attributes: KeyValue[]',
    8: 'flags: uint32',
  },
  ValueAtQuantile: { 1: 'quantile: double', 2: 'value: double' },
  Exemplar: {
    2: 'timeUnixNano: fixed64',
    3: 'asDouble: double',
    4: 'spanId: id',
    5: 'traceId: id',
    6: 'asInt: sfixed64',
    7: 'filteredAttributes: KeyValue[]',
  },

  Resource: {
    1: 'attributes: KeyValue[]',
    2: 'droppedAttributesCount: uint32',
    3: 'entityRefs: EntityRef[]',
  },
  EntityRef: {
    1: 'schemaUrl: string',
    2: 'type: string',
    3: 'idKeys: string[]',
    4: 'descriptionKeys: string[]',
  },
  Scope: {
    1: 'name: string',
    2: 'version: string',
    3: 'attributes: KeyValue[]',
    4: 'droppedAttributesCount: uint32',
  },
  KeyValue: { 1: 'key: string', 2: 'value: AnyValue' },
  AnyValue: {
    1: 'stringValue: string',
    2: 'boolValue: bool',
    3: 'intValue: int64',
    4: 'doubleValue: double',
    5: 'arrayValue: ArrayValue',
    6: 'kvlistValue: KeyValueList',
    7: 'bytesValue: bytes',
  },
  ArrayValue: { 1: 'values: AnyValue[]' },
  KeyValueList: { 1: 'values: KeyValue[]' },
} as const

export type MessageName = keyof typeof definitions

function messageType(fields: Readonly<Record<number, string>>): MessageType {
  return new Map(
    Object.entries(fields).map(([number, text]) => {
      const [name = '', type = ''] = text.replace('[]', '').split(': ')
      // The table's own words.
      const field = { name, type: type as FieldType['type'], isRepeated: text.endsWith('[]') }
      return [Number(number), field]
    }),
  )
}

const types = new Map<string, MessageType>(
  Object.entries(definitions).map(([name, fields]) => [name, messageType(fields)]),
)

/** Names of the fields that hold a single value of another type than double. */
export const namesOfOtherScalars: readonly string[] = [...types.values()].flatMap((fields) =>
  [...fields.values()]
    .filter(({ type }) => type !== 'double' && !isMessage(type))
    .map(({ name }) => name),
)

/** The fields of a message. */
export function fieldsOf(name: MessageName): MessageType {
  return types.get(name) ?? new Map()
}

export function isMessage(type: FieldType['type']): type is MessageName {
  return types.has(type)
}

/** How the requests of the three signals are made: groups by resource, in them groups by scope. */
export const requestTypes = {
  logs: {
    request: 'ExportLogsServiceRequest',
    group: 'ResourceLogs',
    scope: 'ScopeLogs',
    item: 'LogRecord',
    groups: 'resourceLogs',
    scopes: 'scopeLogs',
    items: 'logRecords',
  },
  metrics: {
    request: 'ExportMetricsServiceRequest',
    group: 'ResourceMetrics',
    scope: 'ScopeMetrics',
    item: 'Metric',
    groups: 'resourceMetrics',
    scopes: 'scopeMetrics',
    items: 'metrics',
  },
  traces: {
    request: 'ExportTraceServiceRequest',
    group: 'ResourceSpans',
    scope: 'ScopeSpans',
    item: 'Span',
    groups: 'resourceSpans',
    scopes: 'scopeSpans',
    items: 'spans',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>

export type RequestSignal = keyof typeof requestTypes

/** The kinds of data of a metric, each with its points in `dataPoints`. */
export const metricData = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const
