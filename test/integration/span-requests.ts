/** Spans as requests of a few, in a random order, as they reach whoever has a free connection. */
import { recogniseRecord } from '../../src/processors/recognise.ts'
import type { SpanInProcess } from '../../src/processors/record-processor.ts'
import type { SpanRecord } from '../../src/domain/telemetry-record.ts'
import { decodeTraces } from '../unit/otlp/decoded.ts'
import { requestsOf } from './corpus/recording.ts'

/** Those of a recording that do work, and those around them, which only connect them. */
export function recordedSpans(agent: string, name: string): readonly SpanRecord[] {
  const spans = requestsOf(agent, name)
    .filter(({ signal }) => signal === 'traces')
    .flatMap(({ body }) => {
      const decoded = decodeTraces(JSON.parse(body.toString()))
      return decoded.ok ? decoded.value.accepted : []
    })
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const kept = new Set<SpanRecord>()
  for (const span of spans) {
    if (inProcess(span).profile === undefined) continue
    for (let at: SpanRecord | undefined = span; at !== undefined && !kept.has(at); ) {
      kept.add(at)
      at = at.parentSpanId === undefined ? undefined : byId.get(at.parentSpanId)
    }
  }
  return spans.filter((span) => kept.has(span))
}

/** As the first stage of the chain leaves it. */
export function inProcess(record: SpanRecord): SpanInProcess {
  const span: SpanInProcess = {
    ...{ signal: 'trace', record, profile: undefined },
    ...{ identified: undefined, arrival: undefined },
  }
  recogniseRecord(span, record.endMs)
  return span
}

/** One to four spans each. */
export function shuffledRequests(
  spans: readonly SpanRecord[],
  random: () => number,
): readonly (readonly SpanRecord[])[] {
  const order = spans
    .map((span) => [random(), span] as const)
    .sort(([a], [b]) => a - b)
    .map(([, span]) => span)
  const requests: (readonly SpanRecord[])[] = []
  while (order.length > 0) requests.push(order.splice(0, 1 + Math.floor(random() * 4)))
  return requests
}
