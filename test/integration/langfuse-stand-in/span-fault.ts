/**
 * What makes Langfuse refuse a span, and the whole export with it (facts of 4.16).
 */
import { type JsonObject, textOf } from './stored-span.ts'

/** What is wrong with the span; `undefined` when it would be taken. */
export function spanFault(span: JsonObject): string | undefined {
  if (!isId(span.traceId, 32)) return `Invalid trace id: ${textOf(span.traceId)}`
  if (!isId(span.spanId, 16)) return `Invalid span id: ${textOf(span.spanId)}`
  if (span.parentSpanId && !isId(span.parentSpanId, 16)) {
    return `Invalid parent span id: ${textOf(span.parentSpanId)}`
  }
  for (const field of ['attributes', 'events'] as const) {
    if (span[field] !== undefined && !Array.isArray(span[field])) return `${field} is no array`
  }
  return undefined
}

function isId(value: unknown, digits: number): boolean {
  return (
    typeof value === 'string' &&
    value.length === digits &&
    /^[\da-f]*[1-9a-f][\da-f]*$/i.test(value)
  )
}
