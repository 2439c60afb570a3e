/**
 * What the spans of one trace say of each other: session, turn, subagent. Spans come when they end, so
 * children come before their parents and often in an earlier request. What each span was told of its trace
 * is remembered: one that comes again, because it could not be stored or its answer was lost, is told the
 * same. Pure but for the trace that it changes; the same requests in the same order give the same.
 *
 * - Session: the id on the outermost span that has one; else the one that the trace told first.
 * - Turn: the outermost agent's, else the trace's.
 * - Once work of a trace was placed without an id, the trace is the session and stays it: what comes
 *   later must find what it belongs to.
 */
import type { AgentProfile, SpanPlacing } from '../agents/profile.ts'
import type { SpanRecord, TraceContextOfSpan } from '../domain/telemetry-record.ts'

export interface KnownSpan {
  readonly parentId: string | undefined
  /** Absent for spans that are nobody's work, which only connect others. */
  readonly placing: SpanPlacing | undefined
  /** Of an outermost agent: which turn of the trace it is. */
  turn?: number
  /** Of an agent that names no session: the one that its work names. */
  sessionOfWork?: string
  /** What it was told; absent where there is nothing to place. */
  context?: TraceContextOfSpan
}

export interface KnownTrace {
  readonly spans: Map<string, KnownSpan>
  sessionId: string | undefined
  /** Work was placed without an id, so that the trace itself is the session. */
  isSession: boolean
  /** Spans that were named as missing, until the next span above them that does work has come. */
  readonly awaited: Set<string>
  /** The agents that were taken for the outermost. */
  readonly outermost: string[]
  /** How many turns those began; where every session is a span's own, by session. */
  readonly turns: Map<string, number>
}

export function newTrace(): KnownTrace {
  return {
    spans: new Map(),
    sessionId: undefined,
    isSession: false,
    awaited: new Set(),
    outermost: [],
    turns: new Map(),
  }
}

/** A span as it comes, and who sent it; nobody knows of spans that are nobody's work. */
export interface SpanOfTrace {
  readonly record: SpanRecord
  readonly profile: AgentProfile | undefined
}

/** The spans around one, the nearest first. */
interface Chain {
  readonly above: readonly (readonly [id: string, span: KnownSpan])[]
  /** The id of the next one, which has not come yet; absent at the trace's root. */
  readonly missing: string | undefined
}

const MAX_DEPTH = 200
/** Spans above that are looked at to see whether one of them repeats what this one tells. */
const MAX_WITHIN = 16
/** Spans that are looked at to see whether an agent is within another, or which ones stood for it. */
export const MAX_LOOKED_AT = 200
/** A longer id is refused (`identify.ts`), and so is the beginning of it. */
const MAX_ID_LENGTH = 256

/** Places spans of a trace that are not known. Returns the ids of those that are new, or were changed. */
export function learnSpans(trace: KnownTrace, spans: readonly SpanOfTrace[]): ReadonlySet<string> {
  const fresh: SpanRecord[] = []
  for (const { record, profile } of spans) {
    if (trace.spans.has(record.spanId)) continue
    const placing = profile?.spanSource?.placing(record)
    const known = { parentId: record.parentSpanId, placing: placing && bounded(placing) }
    trace.spans.set(record.spanId, known)
    fresh.push(record)
  }
  const changed = new Set(fresh.map(({ spanId }) => spanId))
  const byStart = fresh.toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs)
  for (const span of byStart) noteSession(trace, span)
  for (const span of byStart) {
    const agentId = noteSessionOfWork(trace, span)
    if (agentId !== undefined) changed.add(agentId)
  }
  for (const span of byStart) noteTurn(trace, span)
  for (const span of fresh) place(trace, span)
  dropOldest(trace.awaited)
  dropOldest(trace.turns)
  trace.outermost.splice(0, trace.outermost.length - MAX_LOOKED_AT)
  return changed
}

function bounded({ sessionId, turnId, ...placing }: SpanPlacing): SpanPlacing {
  return {
    ...placing,
    sessionId: sessionId?.slice(0, MAX_ID_LENGTH),
    turnId: turnId?.slice(0, MAX_ID_LENGTH),
  }
}

function dropOldest(of: Set<string> | Map<string, unknown>): void {
  for (const key of of.keys()) {
    if (of.size <= MAX_LOOKED_AT) return
    of.delete(key)
  }
}

function noteSession(trace: KnownTrace, { spanId }: SpanRecord): void {
  trace.sessionId ??= trace.spans.get(spanId)?.placing?.sessionId
}

/**
 * Where every session is a span's own, an agent that names none has that of its work. Returns the id of
 * the agent that learned its session now.
 */
function noteSessionOfWork(trace: KnownTrace, { spanId }: SpanRecord): string | undefined {
  const span = trace.spans.get(spanId)
  const sessionId = span?.placing?.sessionId
  if (span?.placing?.sessionIsOwn !== true || sessionId === undefined) return undefined
  const agent = chainOf(trace, span).above.find(([, of]) => of.placing?.role === 'agent')
  if (agent === undefined || agent[1].sessionOfWork !== undefined) return undefined
  agent[1].sessionOfWork = sessionId
  return agent[0]
}

/**
 * Numbers the outermost agents of a trace. Where every session is a span's own, no agent is within
 * another: it has a session, and so a turn, of its own.
 */
function noteTurn(trace: KnownTrace, { spanId }: SpanRecord): void {
  const span = trace.spans.get(spanId)
  if (span?.placing?.role !== 'agent' || span.turn !== undefined) return
  const chain = chainOf(trace, span)
  if (!span.placing.sessionIsOwn) {
    if (chain.above.some(([, { placing }]) => placing?.role === 'agent')) return
    if (chain.missing !== undefined && isWithinAnother(trace, spanId)) return
  }
  const taken = span.placing.sessionIsOwn ? undefined : turnWithin(trace, spanId)
  span.turn = taken ?? turnsSoFar(trace, span)
  trace.outermost.push(spanId)
  if (taken === undefined) trace.turns.set(turnScope(span), span.turn + 1)
}

/** The turn of an agent that was taken for the outermost, before the one around it came. */
function turnWithin(trace: KnownTrace, spanId: string): number | undefined {
  for (const id of trace.outermost.slice(-MAX_LOOKED_AT)) {
    const span = trace.spans.get(id)
    if (span !== undefined && chainOf(trace, span).above.some(([of]) => of === spanId)) {
      return span.turn
    }
  }
  return undefined
}

function turnsSoFar(trace: KnownTrace, span: KnownSpan): number {
  return trace.turns.get(turnScope(span)) ?? 0
}

function turnScope({ placing, sessionOfWork }: KnownSpan): string {
  return placing?.sessionIsOwn === true ? (sessionOfWork ?? placing.sessionId ?? '') : ''
}

/**
 * Whether an agent whose parent has not come is within another: then the other has done work before,
 * of which no agent is known yet.
 */
function isWithinAnother(trace: KnownTrace, agentId: string): boolean {
  let looked = 0
  for (const [id, span] of trace.spans) {
    if (span.placing?.role !== 'work' || id === agentId) continue
    looked += 1
    if (looked > MAX_LOOKED_AT) return false
    const { above, missing } = chainOf(trace, span)
    const isOrphan = missing !== undefined && !above.some(([, of]) => of.placing?.role === 'agent')
    if (isOrphan && missing !== agentId) return true
  }
  return false
}

function chainOf({ spans }: KnownTrace, { parentId }: Pick<KnownSpan, 'parentId'>): Chain {
  const above: [string, KnownSpan][] = []
  let id = parentId
  while (id !== undefined && above.length < MAX_DEPTH) {
    const span = spans.get(id)
    if (span === undefined) return { above, missing: id }
    above.push([id, span])
    id = span.parentId
  }
  return { above, missing: undefined }
}

function place(trace: KnownTrace, span: SpanRecord): void {
  const known = trace.spans.get(span.spanId)
  if (known?.placing === undefined) return
  const chain = chainOf(trace, known)
  const sessionId = known.sessionOfWork ?? sessionOf(trace, known.placing, chain)
  if (sessionId === undefined && known.placing.role !== 'other') trace.isSession = true
  const turnId = turnOf(trace, span, known, chain)
  const subagentId = subagentOf(span, known, chain)
  const stoodFor = known.placing.role === 'other' ? [] : thoseThatStoodFor(trace, span.spanId)
  if (chain.missing !== undefined) trace.awaited.add(chain.missing)
  known.context = {
    ...(sessionId !== undefined && { sessionId }),
    ...(turnId !== undefined && { turnId }),
    ...(subagentId !== undefined && { subagentId }),
    within: withinOf(chain),
    ...(stoodFor.length > 0 && { stoodFor }),
  }
}

function sessionOf(
  trace: KnownTrace,
  placing: SpanPlacing,
  { above, missing }: Chain,
): string | undefined {
  if (trace.isSession) return undefined
  const ids = [placing.sessionId, ...above.map(([, of]) => of.placing?.sessionId)].filter(
    (id) => id !== undefined,
  )
  if (placing.sessionIsOwn) return ids[0] ?? trace.sessionId
  if (missing !== undefined && placing.subagentsHaveIds) return trace.sessionId ?? ids.at(-1)
  return ids.at(-1) ?? trace.sessionId
}

function turnOf(
  trace: KnownTrace,
  { traceId }: SpanRecord,
  span: KnownSpan,
  { above, missing }: Chain,
): string | undefined {
  const { placing, turn } = span
  if (placing?.turnId !== undefined) return placing.turnId
  const agents = above.filter(([, of]) => of.placing?.role === 'agent')
  if (placing?.isSideCall === true && agents.length === 0 && missing === undefined) return undefined
  const isTurn = ([, of]: (typeof agents)[number]) => of.turn !== undefined
  const outermost = placing?.sessionIsOwn === true ? agents.find(isTurn) : agents.findLast(isTurn)
  // Without an agent yet, it is the one that comes next.
  const index = turn ?? outermost?.[1].turn ?? (missing === undefined ? 0 : turnsSoFar(trace, span))
  return index === 0 ? traceId : `${traceId}/${index}`
}

function subagentOf(
  { spanId, parentSpanId }: SpanRecord,
  { placing, turn }: KnownSpan,
  { above }: Chain,
): string | undefined {
  if (placing?.role === 'agent') return turn === undefined ? spanId : undefined
  const nearest = above.find(([, of]) => of.placing?.role === 'agent')
  if (nearest !== undefined) return nearest[1].turn === undefined ? nearest[0] : undefined
  return placing?.isSubagent === true ? parentSpanId : undefined
}

/**
 * Spans below this one, nobody's work, that earlier ones took for the last above them. It takes their
 * place, and tells those above it what they were told.
 */
function thoseThatStoodFor(trace: KnownTrace, spanId: string): readonly string[] {
  const { awaited, spans } = trace
  awaited.delete(spanId)
  const below: string[] = []
  let looked = 0
  for (const id of awaited) {
    looked += 1
    if (looked > MAX_LOOKED_AT) break
    const span = spans.get(id)
    if (span === undefined) continue
    const { above } = chainOf(trace, span)
    if (above.some(([of]) => of === spanId)) below.push(id)
  }
  for (const id of below) awaited.delete(id)
  return below
}

/** Those that may repeat what this span tells, and the one that has not come yet. */
function withinOf({ above, missing }: Chain): readonly string[] {
  const ids = above.flatMap(([id, { placing }]) =>
    placing === undefined || placing.role === 'other' ? [] : [id],
  )
  const within = ids.slice(0, MAX_WITHIN)
  return missing === undefined ? within : [...within, missing]
}
