/**
 * Stage before `identify`: writes on each span that is a source of its own what its trace says of it, as
 * `known-trace.ts` finds it out. The answer is stored with the span, so that a replay gives the same.
 *
 * What is known of a trace is stored before the records are, in a transaction of its own, so that other
 * processes and this one after a restart go on with it. It is remembered here as well, in bounds. Behind
 * the stage that masks secrets, for ids of sessions are among it.
 */
import { ownerTag } from '../domain/access.ts'
import type { AskedTrace, TraceStore, TraceVersion } from '../domain/trace-store.ts'
import { type KnownTrace, newTrace } from './known-trace.ts'
import type { RecordInProcess, RecordProcessor, SpanInProcess } from './record-processor.ts'
import { changeTrace, readTrace } from './trace-parts.ts'

/** `maskText` masks what was stored of a trace before a rule was in force. */
export function createPlacement(
  store: TraceStore,
  maskText: (text: string) => string,
): RecordProcessor {
  const placer = createSpanPlacer(store)

  function masked(span: SpanInProcess): void {
    const { trace } = span.record
    if (trace === undefined) return
    const sessionId = trace.sessionId && maskText(trace.sessionId)
    const turnId = trace.turnId && maskText(trace.turnId)
    if (sessionId === trace.sessionId && turnId === trace.turnId) return
    const ids = {
      ...(sessionId !== undefined && { sessionId }),
      ...(turnId !== undefined && { turnId }),
    }
    span.record = { ...span.record, trace: { ...trace, ...ids } }
  }

  return {
    name: 'place',
    process: async (batch, next) => {
      // All records of a batch are of one signal.
      if (batch.records[0]?.signal === 'trace') {
        const { owner } = batch.request
        const spans = batch.records.filter(isSpan)
        await placer.place(spans, owner && ownerTag(owner))
        for (const span of spans) masked(span)
      }
      return next(batch)
    },
  }
}

function isSpan(record: RecordInProcess): record is SpanInProcess {
  return record.signal === 'trace'
}

export interface SpanPlacer {
  /**
   * Places spans. Owners know nothing of each other's traces, whatever ids those have. Rejects when what
   * was learned cannot be stored; nothing was learned then.
   */
  place(spans: readonly SpanInProcess[], owner?: string): Promise<void>
}

/** A trace that is remembered, as it was stored. */
interface HeldTrace extends TraceVersion {
  readonly trace: KnownTrace
}

export function createSpanPlacer(store: TraceStore): SpanPlacer {
  const memory = createMemory()

  return {
    place: async (all, owner = '') => {
      // What was in the quarantine was placed when it came.
      const spans = all.filter(({ record }) => record.trace === undefined)
      const byTrace = Map.groupBy(spans, ({ record }) => record.traceId)
      const asked = [...byTrace].flatMap(([traceId, of]) => askedTrace(traceId, of))
      if (asked.length === 0) return
      const nameOf = (traceId: string) => `${traceId} ${owner}`
      // Whoever has one may change it: if that is not stored, it is not put back.
      const held = new Map<string, HeldTrace>()
      for (const { traceId } of asked) {
        const one = memory.take(nameOf(traceId))
        if (one !== undefined) held.set(traceId, one)
      }
      const learned = new Map<string, KnownTrace>()
      const versions = await store.change(
        owner,
        asked,
        (traceId) => held.get(traceId),
        (stored) =>
          stored.flatMap(({ traceId, ref, facts, parts, isWhole }) => {
            const before = isWhole ? undefined : held.get(traceId)?.trace
            held.delete(traceId)
            const trace = before ?? newTrace()
            if (isWhole || parts.length > 0) readTrace(trace, facts, parts)
            learned.set(traceId, trace)
            return changeTrace(ref, trace, byTrace.get(traceId) ?? []) ?? []
          }),
      )
      for (const [traceId, version] of versions) {
        const trace = learned.get(traceId)
        if (trace === undefined) continue
        for (const span of byTrace.get(traceId) ?? []) tell(span, trace)
        memory.put(nameOf(traceId), { ...version, trace })
      }
    },
  }
}

/**
 * What has no work in it connects spans of a trace that is known, and is nothing by itself. Spans of agents
 * whose logs are the source connect nothing.
 */
function askedTrace(traceId: string, spans: readonly SpanInProcess[]): AskedTrace[] {
  const isBegun = spans.some(({ profile }) => profile?.spanSource !== undefined)
  const isAsked = isBegun || spans.some(({ profile }) => profile === undefined)
  return isAsked ? [{ traceId, isBegun }] : []
}

function tell(span: SpanInProcess, { spans }: KnownTrace): void {
  const context = spans.get(span.record.spanId)?.context
  if (context !== undefined) span.record = { ...span.record, trace: context }
}

const MAX_TRACES = 1000
/** Of all traces together: some 30 MB. */
const MAX_SPANS = 100_000

/** Traces by their names, in bounds: those that nobody asked for longest go first. */
function createMemory() {
  const traces = new Map<string, HeldTrace>()
  let spans = 0

  function take(name: string): HeldTrace | undefined {
    const held = traces.get(name)
    if (held === undefined) return undefined
    traces.delete(name)
    spans -= held.trace.spans.size
    return held
  }

  return {
    take,
    put: (name: string, held: HeldTrace): void => {
      // Another request of the trace may have been faster.
      const other = take(name)
      const isOlder = other?.ref === held.ref && other.lastPart > held.lastPart
      const newest = isOlder ? other : held
      traces.set(name, newest)
      spans += newest.trace.spans.size
      for (const oldest of traces.keys()) {
        if (traces.size <= MAX_TRACES && (spans <= MAX_SPANS || traces.size === 1)) return
        take(oldest)
      }
    },
  }
}
