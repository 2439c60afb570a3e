/**
 * The envelope around spans: the body of one OTLP/HTTP trace export.
 */
import { PRODUCT_NAME } from './product-name.ts'

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
