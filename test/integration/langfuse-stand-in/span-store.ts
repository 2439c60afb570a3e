/**
 * Takes OTLP exports whole or not at all, and remembers every span in the order of arrival.
 */
import { spanFault } from './span-fault.ts'
import { isObject, listOf, type StoredSpan, storedSpan } from './stored-span.ts'

export interface SpanStore {
  /** Stores all spans of an export; returns why it stored none when one of them is bad. */
  add(resourceSpans: unknown): string | undefined
  /** Spans that well-formed as they are shall be refused: says why, or `undefined`. */
  refuse(judge: (span: StoredSpan) => string | undefined): void
  all(): readonly StoredSpan[]
  /** Deletes whole traces. */
  deleteTraces(traceIds: ReadonlySet<unknown>): void
}

export function createSpanStore(): SpanStore {
  let stored: StoredSpan[] = []
  let judge: (span: StoredSpan) => string | undefined = () => undefined

  return {
    add: (resourceSpans) => {
      const arrived: StoredSpan[] = []
      for (const { span, resource, scope } of spansOf(resourceSpans)) {
        const fault = isObject(span) ? spanFault(span) : 'span is no object'
        if (fault !== undefined) return fault
        if (!isObject(span)) continue
        const decoded = storedSpan(span, resource, scope)
        const refusal = judge(decoded)
        if (refusal !== undefined) return refusal
        arrived.push(decoded)
      }
      stored.push(...arrived)
      return undefined
    },
    refuse: (next) => {
      judge = next
    },
    all: () => stored,
    deleteTraces: (traceIds) => {
      stored = stored.filter(({ traceId }) => !traceIds.has(traceId))
    },
  }
}

function* spansOf(resourceSpans: unknown) {
  for (const group of listOf(resourceSpans).filter(isObject)) {
    for (const scoped of listOf(group.scopeSpans).filter(isObject)) {
      for (const span of listOf(scoped.spans)) {
        yield { span, resource: group.resource, scope: scoped.scope }
      }
    }
  }
}
