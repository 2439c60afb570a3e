/**
 * What is known of a trace as the store keeps it: one text of the trace as a whole, and a part for each
 * request that told of new spans. Ids only, and what role a span has; nothing of what it contains.
 */
import type { SpanPlacing } from '../agents/profile.ts'
import type { TraceContextOfSpan } from '../domain/telemetry-record.ts'
import type { TraceChange } from '../domain/trace-store.ts'
import { type KnownSpan, type KnownTrace, learnSpans, type SpanOfTrace } from './known-trace.ts'

interface StoredFacts {
  readonly sessionId?: string | undefined
  readonly isSession: boolean
  readonly awaited: readonly string[]
  readonly outermost: readonly string[]
  readonly turns: readonly (readonly [string, number])[]
}

interface StoredPart {
  /** Nothing else is known of the trace's spans. */
  readonly isWhole?: true
  readonly spans: readonly (readonly [id: string, span: StoredSpan])[]
}

interface StoredSpan {
  readonly parentId?: string | undefined
  /** Flags that are not set are left out. */
  readonly placing?: Partial<SpanPlacing> | undefined
  readonly turn?: number | undefined
  readonly sessionOfWork?: string | undefined
  readonly context?: TraceContextOfSpan | undefined
}

const UNSET = {
  role: 'other',
  sessionIsOwn: false,
  subagentsHaveIds: false,
  isSubagent: false,
  isSideCall: false,
} as const satisfies SpanPlacing

/** Beyond that the older half of a trace's spans is forgotten. Some two megabytes. */
const MAX_SPANS_OF_TRACE = 10_000

/** Brings a trace up to what is stored of it. */
export function readTrace(trace: KnownTrace, facts: string, parts: readonly string[]): void {
  for (const text of parts) {
    const part = JSON.parse(text) as StoredPart
    if (part.isWhole === true) trace.spans.clear()
    for (const [id, span] of part.spans) trace.spans.set(id, spanOf(span))
  }
  if (facts === '') return
  const { sessionId, isSession, awaited, outermost, turns } = JSON.parse(facts) as StoredFacts
  trace.sessionId = sessionId
  trace.isSession = isSession
  trace.awaited.clear()
  for (const id of awaited) trace.awaited.add(id)
  trace.outermost.splice(0, Number.POSITIVE_INFINITY, ...outermost)
  trace.turns.clear()
  for (const [scope, count] of turns) trace.turns.set(scope, count)
}

/** Lets a trace learn the spans of a request. Undefined where it knew them all. */
export function changeTrace(
  ref: number,
  trace: KnownTrace,
  told: readonly SpanOfTrace[],
): TraceChange | undefined {
  const changed = learnSpans(trace, told)
  if (changed.size === 0) return undefined
  const isWhole = trace.spans.size > MAX_SPANS_OF_TRACE
  if (isWhole) forgetOlderHalf(trace, told)
  const spans = [...(isWhole ? trace.spans.keys() : changed)].flatMap((id) => {
    const span = trace.spans.get(id)
    return span === undefined ? [] : [[id, storedSpan(span)] as const]
  })
  const part: StoredPart = { ...(isWhole && { isWhole }), spans }
  return { ref, facts: factsOf(trace), part: JSON.stringify(part), spans: spans.length, isWhole }
}

/** But for those that are told of now, of which an old one may have come again: they are still to be placed. */
function forgetOlderHalf({ spans }: KnownTrace, told: readonly SpanOfTrace[]): void {
  const kept = new Set(told.map(({ record }) => record.spanId))
  for (const id of spans.keys()) {
    if (spans.size <= MAX_SPANS_OF_TRACE / 2) return
    if (!kept.has(id)) spans.delete(id)
  }
}

function factsOf({ sessionId, isSession, awaited, outermost, turns }: KnownTrace): string {
  const facts: StoredFacts = {
    sessionId,
    isSession,
    awaited: [...awaited],
    outermost,
    turns: [...turns],
  }
  return JSON.stringify(facts)
}

function storedSpan({ placing, ...span }: KnownSpan): StoredSpan {
  if (placing === undefined) return span
  const told = Object.entries(placing).filter(([, value]) => value !== false)
  return { ...span, placing: Object.fromEntries(told) as Partial<SpanPlacing> }
}

function spanOf({ parentId, placing, turn, sessionOfWork, context }: StoredSpan): KnownSpan {
  return {
    parentId,
    placing: placing && { ...UNSET, ...placing },
    ...(turn !== undefined && { turn }),
    ...(sessionOfWork !== undefined && { sessionOfWork }),
    ...(context !== undefined && { context }),
  }
}
