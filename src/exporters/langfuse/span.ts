/**
 * One observation as one OTLP/JSON span. Pure: equal observations give equal spans, with the
 * same ids and the same start time, which is what Langfuse recognises a resent span by.
 */
import type { Observation } from '../../domain/emission.ts'
import { spanIdOf, traceIdOf } from '../ids.ts'
import { type MappingConfig, PRODUCT_NAME } from './mapping.ts'
import { nanosecondsOf } from '../../otlp/nanoseconds.ts'
import { type SpanAttributes, spanAttributes } from './span-attributes.ts'

interface OtlpString {
  readonly stringValue: string
}

export interface OtlpAttribute {
  readonly key: string
  readonly value: OtlpString | { readonly arrayValue: { readonly values: readonly OtlpString[] } }
}

/** The fields of opentelemetry/proto/trace/v1 that Langfuse reads. */
export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly OtlpAttribute[]
  readonly status: { readonly code: number; readonly message?: string }
}

const KIND_INTERNAL = 1
const STATUS_UNSET = 0
const STATUS_ERROR = 2

/** Throws when the observation's times are no times. An end before the start becomes the start. */
export function spanOf(observation: Observation, config: MappingConfig): OtlpSpan {
  const { traceKey, key, startMs, endMs } = observation
  const parentSpanId = parentSpanIdOf(observation)
  return {
    traceId: observation.agentTraceId ?? traceIdOf(traceKey),
    spanId: spanIdOf(traceKey, key),
    ...(parentSpanId !== undefined && { parentSpanId }),
    name: observation.name.toWellFormed(),
    kind: KIND_INTERNAL,
    startTimeUnixNano: nanosecondsOf(startMs),
    endTimeUnixNano: nanosecondsOf(Math.max(startMs, endMs)),
    attributes: otlpAttributes(spanAttributes(observation, config)),
    status: { code: observation.level === 'ERROR' ? STATUS_ERROR : STATUS_UNSET },
  }
}

function parentSpanIdOf({ traceKey, parentKey, outsideParentId }: Observation): string | undefined {
  return parentKey === undefined ? outsideParentId : spanIdOf(traceKey, parentKey)
}

function otlpAttributes(attributes: SpanAttributes): OtlpAttribute[] {
  return Object.entries(attributes).flatMap(([key, value]): OtlpAttribute[] => {
    if (value === undefined) return []
    if (typeof value === 'string') return [{ key, value: otlpString(value) }]
    return [{ key, value: { arrayValue: { values: value.map(otlpString) } } }]
  })
}

/** Half a surrogate pair (text cut in the middle of an emoji) is no Unicode: databases refuse it. */
function otlpString(text: string): OtlpString {
  return { stringValue: text.toWellFormed() }
}

// The envelope around spans: the body of one OTLP/HTTP trace export.

/**
 * JSON text of an ExportTraceServiceRequest around spans that are JSON text already, so that a
 * batch can be measured and halved without being encoded again.
 *
 * The resource says `service.name` and no more: OpenTelemetry requires that one, Langfuse shows
 * it under `resourceAttributes` of each observation. A `service.version` would be taken for the
 * version of observations whose agent did not say its own.
 */
export function exportRequestJson(spans: readonly string[], productVersion: string): string {
  const resource = JSON.stringify({
    attributes: [{ key: 'service.name', value: { stringValue: PRODUCT_NAME } }],
  })
  const scope = JSON.stringify({ name: PRODUCT_NAME, version: productVersion })
  return `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":${scope},"spans":[${spans.join(',')}]}]}]}`
}

/** An export without spans: accepted by a server that would accept spans, and stored nowhere. */
export const EMPTY_EXPORT_REQUEST = '{"resourceSpans":[]}'
