/**
 * OTLP/JSON bodies in protobuf, for tests that send the same data both ways. Written from the
 * specification's field numbers, apart from the readers it tests. Fields that no reader uses are
 * left out.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire'

type Type = 'string' | 'bool' | 'int64' | 'double' | 'fixed64' | 'sfixed64' | 'uint32' | 'enum'
/** Ids are hexadecimal in JSON, other bytes are base64. */
type Kind = Type | 'hex' | 'base64' | keyof typeof messages
type Field = readonly [kind: string, number: number, isList?: true]

const point: Readonly<Record<string, Field>> = {
  startTimeUnixNano: ['fixed64', 2],
  timeUnixNano: ['fixed64', 3],
  asDouble: ['double', 4],
  asInt: ['sfixed64', 6],
  attributes: ['KeyValue', 7, true],
  flags: ['uint32', 8],
}

const messages = {
  Logs: { resourceLogs: ['ResourceLogs', 1, true] },
  ResourceLogs: { resource: ['Resource', 1], scopeLogs: ['ScopeLogs', 2, true] },
  ScopeLogs: { scope: ['Scope', 1], logRecords: ['LogRecord', 2, true] },
  LogRecord: {
    timeUnixNano: ['fixed64', 1],
    severityNumber: ['enum', 2],
    severityText: ['string', 3],
    body: ['AnyValue', 5],
    attributes: ['KeyValue', 6, true],
    droppedAttributesCount: ['uint32', 7],
    traceId: ['hex', 9],
    spanId: ['hex', 10],
    observedTimeUnixNano: ['fixed64', 11],
    eventName: ['string', 12],
  },
  Metrics: { resourceMetrics: ['ResourceMetrics', 1, true] },
  ResourceMetrics: { resource: ['Resource', 1], scopeMetrics: ['ScopeMetrics', 2, true] },
  ScopeMetrics: { scope: ['Scope', 1], metrics: ['Metric', 2, true] },
  Metric: {
    name: ['string', 1],
    description: ['string', 2],
    unit: ['string', 3],
    gauge: ['Gauge', 5],
    sum: ['Sum', 7],
  },
  Gauge: { dataPoints: ['Point', 1, true] },
  Sum: {
    dataPoints: ['Point', 1, true],
    aggregationTemporality: ['enum', 2],
    isMonotonic: ['bool', 3],
  },
  Point: point,
  Traces: { resourceSpans: ['ResourceSpans', 1, true] },
  ResourceSpans: { resource: ['Resource', 1], scopeSpans: ['ScopeSpans', 2, true] },
  ScopeSpans: { scope: ['Scope', 1], spans: ['Span', 2, true] },
  Span: {
    traceId: ['hex', 1],
    spanId: ['hex', 2],
    parentSpanId: ['hex', 4],
    name: ['string', 5],
    kind: ['enum', 6],
    startTimeUnixNano: ['fixed64', 7],
    endTimeUnixNano: ['fixed64', 8],
    attributes: ['KeyValue', 9, true],
    events: ['Event', 11, true],
    status: ['Status', 15],
  },
  Event: {
    timeUnixNano: ['fixed64', 1],
    name: ['string', 2],
    attributes: ['KeyValue', 3, true],
  },
  Status: { message: ['string', 2], code: ['enum', 3] },
  Resource: { attributes: ['KeyValue', 1, true] },
  Scope: { name: ['string', 1], version: ['string', 2] },
  KeyValue: { key: ['string', 1], value: ['AnyValue', 2] },
  AnyValue: {
    stringValue: ['string', 1],
    boolValue: ['bool', 2],
    intValue: ['int64', 3],
    doubleValue: ['double', 4],
    arrayValue: ['ArrayValue', 5],
    kvlistValue: ['KeyValueList', 6],
    bytesValue: ['base64', 7],
  },
  ArrayValue: { values: ['AnyValue', 1, true] },
  KeyValueList: { values: ['KeyValue', 1, true] },
} as const satisfies Record<string, Readonly<Record<string, Field>>>

const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const varints: readonly string[] = ['bool', 'int64', 'uint32', 'enum']
const fixed: readonly string[] = ['double', 'fixed64', 'sfixed64']

/** A body of OTLP/JSON as the bytes of the same request. */
export function encoded(message: 'Logs' | 'Metrics' | 'Traces', body: object): Buffer {
  return Buffer.from(encode(message, body))
}

function encode(message: keyof typeof messages, value: object): Uint8Array {
  const writer = new BinaryWriter()
  const fields: Readonly<Record<string, Field>> = messages[message]
  for (const [name, raw] of Object.entries(value) as [string, unknown][]) {
    const field = fields[name]
    if (field === undefined) continue
    const [kind, number, isList] = field
    for (const entry of isList === true ? (raw as unknown[]) : [raw]) {
      write(writer, kind as Kind, number, entry)
    }
  }
  return writer.finish()
}

function write(writer: BinaryWriter, kind: Kind, number: number, raw: unknown): void {
  writer.uint32((number << 3) | wireTypeOf(kind))
  if (kind === 'string') writer.string(String(raw))
  else if (kind === 'bool') writer.bool(raw === true)
  else if (kind === 'int64') writer.int64(raw as string | number)
  else if (kind === 'double') writer.double(Number(raw))
  else if (kind === 'fixed64') writer.fixed64(raw as string | number)
  else if (kind === 'sfixed64') writer.sfixed64(raw as string | number)
  else if (kind === 'uint32' || kind === 'enum') writer.uint32(Number(raw))
  else if (kind === 'hex') writer.bytes(Buffer.from(String(raw), 'hex'))
  else if (kind === 'base64') writer.bytes(Buffer.from(String(raw), 'base64'))
  else writer.bytes(encode(kind, raw as object))
}

function wireTypeOf(kind: string): number {
  if (varints.includes(kind)) return VARINT
  return fixed.includes(kind) ? FIXED64 : LENGTH_DELIMITED
}
