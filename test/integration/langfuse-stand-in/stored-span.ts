/**
 * A span as the stand-in keeps it: decoded, with the fields tests ask for most at hand.
 */

/** JSON of unknown shape. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }
export type JsonObject = { [key: string]: Json | undefined }

export interface StoredSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly startMs: number
  readonly endMs: number
  readonly statusCode: number
  /** By name; arrays as arrays. */
  readonly attributes: JsonObject
  readonly resource: JsonObject
  readonly scope: { readonly name: Json | undefined; readonly version: Json | undefined }
  /** From `langfuse.observation.*`: parsed where it is JSON text, else the text. */
  readonly type: Json | undefined
  readonly input: Json | undefined
  readonly output: Json | undefined
  readonly usage: JsonObject
  readonly cost: JsonObject
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The elements of what should be an array; none when it is not one. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** Text as it is, anything else as JSON. */
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value
  return value === undefined ? '' : JSON.stringify(value)
}

/** Decodes a span that passed `spanFault`. */
export function storedSpan(span: JsonObject, resource: unknown, scope: unknown): StoredSpan {
  const attributes = attributesOf(span.attributes)
  const detail = (name: string) => parsed(attributes[`langfuse.observation.${name}`])
  const usage = detail('usage_details')
  const cost = detail('cost_details')
  return {
    traceId: textOf(span.traceId).toLowerCase(),
    spanId: textOf(span.spanId).toLowerCase(),
    parentSpanId: span.parentSpanId ? textOf(span.parentSpanId).toLowerCase() : undefined,
    name: textOf(span.name),
    startTimeUnixNano: textOf(span.startTimeUnixNano),
    endTimeUnixNano: textOf(span.endTimeUnixNano),
    startMs: Number(span.startTimeUnixNano) / 1e6,
    endMs: Number(span.endTimeUnixNano) / 1e6,
    statusCode: isObject(span.status) ? Number(span.status.code ?? 0) : 0,
    attributes,
    resource: isObject(resource) ? attributesOf(resource.attributes) : {},
    scope: isObject(scope)
      ? { name: scope.name, version: scope.version }
      : { name: undefined, version: undefined },
    type: attributes['langfuse.observation.type'],
    input: detail('input'),
    output: detail('output'),
    usage: isObject(usage) ? usage : {},
    cost: isObject(cost) ? cost : {},
  }
}

function attributesOf(list: unknown): JsonObject {
  const attributes: JsonObject = {}
  for (const { key, value } of listOf(list).filter(isObject)) attributes[textOf(key)] = plain(value)
  return attributes
}

/** An OTLP AnyValue as a plain value. */
function plain(value: unknown): Json | undefined {
  if (!isObject(value)) return undefined
  if ('arrayValue' in value) {
    const values = isObject(value.arrayValue) ? listOf(value.arrayValue.values) : []
    return values.map((element) => plain(element) ?? null)
  }
  if ('kvlistValue' in value) {
    return isObject(value.kvlistValue) ? attributesOf(value.kvlistValue.values) : {}
  }
  if ('intValue' in value) return Number(value.intValue)
  return value.stringValue ?? value.doubleValue ?? value.boolValue
}

function parsed(value: Json | undefined): Json | undefined {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value) as Json
  } catch {
    return value
  }
}
