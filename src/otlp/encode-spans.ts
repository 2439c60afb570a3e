/** Spans as they are sent: OTLP in JSON and in protobuf (opentelemetry/proto/trace/v1). */
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import type { JsonValue } from '../domain/json-value.ts'
import { anyValueJson, writeAnyValue } from './encode-values.ts'
import { tagOf } from './wire.ts'

/** A number that is a double even when it has no fraction. */
export interface Double {
  readonly double: number
}

export type SpanAttribute = string | number | boolean | readonly string[] | Double

export interface OutgoingSpan {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  readonly parentSpanId?: string | undefined
  readonly name: string
  /** 1 internal, 3 client. */
  readonly kind: 1 | 3
  /** Epoch nanoseconds, in decimal digits. */
  readonly startNanos: string
  readonly endNanos: string
  /** An attribute that is undefined is left out. */
  readonly attributes: Readonly<Record<string, SpanAttribute | undefined>>
  readonly error?: { readonly message: string } | undefined
}

/** What all spans of a request have in common. */
export interface SpanSource {
  readonly resource: Readonly<Record<string, string>>
  readonly scopeName: string
  readonly scopeVersion: string
}

const STATUS_ERROR = 2

/** One span, to stand in `spansRequestJson`. */
export function spanJson(span: OutgoingSpan): string {
  const { traceId, spanId, parentSpanId, name, kind, startNanos, endNanos, error } = span
  return JSON.stringify({
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name: name.toWellFormed(),
    kind,
    startTimeUnixNano: startNanos,
    endTimeUnixNano: endNanos,
    attributes: attributesJson(span.attributes),
    status:
      error === undefined ? {} : { code: STATUS_ERROR, message: error.message.toWellFormed() },
  })
}

/** The request around spans that are JSON text already. */
export function spansRequestJson(spans: readonly string[], source: SpanSource): string {
  const resource = JSON.stringify({ attributes: attributesJson(source.resource) })
  const scope = JSON.stringify({ name: source.scopeName, version: source.scopeVersion })
  return `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":${scope},"spans":[${spans.join(',')}]}]}]}`
}

function attributesJson(attributes: OutgoingSpan['attributes']): object[] {
  return given(attributes).map(([key, value]) => ({ key, value: anyValueJson(plain(value)) }))
}

const SPAN = {
  traceId: tagOf(1, 'bytes'),
  spanId: tagOf(2, 'bytes'),
  parentSpanId: tagOf(4, 'bytes'),
  name: tagOf(5, 'bytes'),
  kind: tagOf(6, 'varint'),
  start: tagOf(7, 'fixed64'),
  end: tagOf(8, 'fixed64'),
  attributes: tagOf(9, 'bytes'),
  status: tagOf(15, 'bytes'),
}
const FIRST = tagOf(1, 'bytes')
const SECOND = tagOf(2, 'bytes')
const STATUS_CODE = tagOf(3, 'varint')

/** One span, to stand in `spansRequestProto`. Throws on times that are no 64-bit numbers. */
export function spanProto(span: OutgoingSpan): Uint8Array<ArrayBuffer> {
  const { traceId, spanId, parentSpanId, name, kind, startNanos, endNanos, error } = span
  const writer = new BinaryWriter()
  writer.uint32(SPAN.traceId).bytes(Buffer.from(traceId, 'hex'))
  writer.uint32(SPAN.spanId).bytes(Buffer.from(spanId, 'hex'))
  if (parentSpanId !== undefined) {
    writer.uint32(SPAN.parentSpanId).bytes(Buffer.from(parentSpanId, 'hex'))
  }
  writer.uint32(SPAN.name).string(name.toWellFormed())
  writer.uint32(SPAN.kind).int32(kind)
  writer.uint32(SPAN.start).fixed64(startNanos)
  writer.uint32(SPAN.end).fixed64(endNanos)
  writeAttributes(writer, SPAN.attributes, span.attributes)
  if (error !== undefined) {
    writer.uint32(SPAN.status).fork()
    writer.uint32(SECOND).string(error.message.toWellFormed())
    writer.uint32(STATUS_CODE).int32(STATUS_ERROR).join()
  }
  return Uint8Array.from(writer.finish())
}

/** The request around spans that are protobuf already. */
export function spansRequestProto(
  spans: readonly Uint8Array[],
  source: SpanSource,
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  writer.uint32(FIRST).fork()
  writer.uint32(FIRST).fork()
  writeAttributes(writer, FIRST, source.resource)
  writer.join().uint32(SECOND).fork()
  writer.uint32(FIRST).fork()
  writer.uint32(FIRST).string(source.scopeName).uint32(SECOND).string(source.scopeVersion).join()
  for (const span of spans) writer.uint32(SECOND).bytes(span)
  writer.join().join()
  return Uint8Array.from(writer.finish())
}

function writeAttributes(
  writer: BinaryWriter,
  tag: number,
  attributes: OutgoingSpan['attributes'],
): void {
  for (const [key, value] of given(attributes)) {
    writer.uint32(tag).fork().uint32(FIRST).string(key).uint32(SECOND).fork()
    writeAnyValue(writer, plain(value))
    writer.join().join()
  }
}

function given(attributes: OutgoingSpan['attributes']): [string, SpanAttribute][] {
  return Object.entries(attributes).flatMap(([key, value]): [string, SpanAttribute][] =>
    value === undefined ? [] : [[key, value]],
  )
}

function plain(value: SpanAttribute): JsonValue | Double {
  return value
}

/** What a server says of a request that it accepted. */
export interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

const REJECTED = tagOf(1, 'varint')

/** Of an answer in protobuf; throws on bytes that are none. */
export function partialSuccessOf(bytes: Uint8Array): PartialSuccess {
  const reader = new BinaryReader(bytes)
  let rejected = 0
  let message = ''
  const end = reader.len
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag !== FIRST) {
      reader.skip(tag & 7)
      continue
    }
    const inner = reader.uint32() + reader.pos
    if (inner > end) throw new RangeError('the answer ends in the middle of partial_success')
    while (reader.pos < inner) {
      const field = reader.uint32()
      if (field === REJECTED) rejected = Number(reader.int64())
      else if (field === SECOND) message = reader.string()
      else reader.skip(field & 7)
    }
  }
  return { rejected, message }
}
