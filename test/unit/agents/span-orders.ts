/**
 * Spans of one trace or several through the real stages and the session machine, in every order in
 * which they may come, whole and one by one.
 */
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { createSpanPlacer } from '../../../src/processors/place-spans.ts'
import { recogniseRecord } from '../../../src/processors/recognise.ts'
import type { SpanInProcess } from '../../../src/processors/record-processor.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import { newSession } from '../../../src/sessions/state.ts'
import { createMemoryTraces } from '../processors/memory-traces.ts'
import { processSpans } from '../processors/processed.ts'
import { policy } from '../sessions/events.ts'

const START = 1_795_000_000_000

/** A span and what is within it; its time follows from its place. */
export interface Sketch {
  readonly name: string
  readonly attributes?: Attributes
  readonly scope?: string
  readonly resource?: Attributes
  readonly failed?: string
  readonly within?: readonly Sketch[]
  readonly moments?: SpanRecord['moments']
}

/** The spans of a trace, the children before their parents. */
export function spansOf(root: Sketch, traceId: string, startMs = START): SpanRecord[] {
  let ids = 0
  let clock = startMs
  const next = (): number => {
    clock += 10
    return clock
  }
  const told = (of: Sketch, inherited: Sketch, parentSpanId?: string): SpanRecord[] => {
    ids += 1
    const spanId = `${traceId.slice(0, 8)}${String(ids).padStart(8, '0')}`
    const scope = of.scope ?? inherited.scope ?? 'x'
    const resource = of.resource ?? inherited.resource ?? {}
    const from = next()
    const below = (of.within ?? []).flatMap((each) =>
      told(each, { ...of, scope, resource }, spanId),
    )
    return [
      ...below,
      {
        origin: { resource, scopeName: scope, scopeVersion: '' },
        ...{ traceId, spanId, name: of.name, startMs: from, endMs: next() },
        attributes: of.attributes ?? {},
        moments: of.moments ?? [],
        statusCode: of.failed === undefined ? 0 : 2,
        statusMessage: of.failed ?? '',
        ...(parentSpanId !== undefined && { parentSpanId }),
      },
    ]
  }
  return told(root, root)
}

export interface Figures {
  readonly sessions: readonly string[]
  readonly turns: number
  readonly calls: number
  readonly failedCalls: number
  readonly tools: number
  readonly failedTools: number
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  /** Of what was sent: each usage once. */
  readonly delivered: number
  readonly usd: number
}

/**
 * What the sessions hold after these requests and their ends. The requests reach so many processes over one
 * store, one after the other.
 */
export async function figuresOf(
  requests: readonly (readonly SpanRecord[])[],
  processes = 1,
): Promise<Figures> {
  const traces = createMemoryTraces()
  const placers = Array.from({ length: processes }, () => createSpanPlacer(traces))
  const inputs = new Map<string, SessionInput[]>()
  const known = new Set<string>()
  for (const [at, records] of requests.entries()) {
    const atMs = START + 10_000 + at
    const spans = records.map(
      (record): SpanInProcess => ({
        ...{ signal: 'trace', record, profile: undefined },
        ...{ identified: undefined, arrival: undefined },
      }),
    )
    for (const span of spans) recogniseRecord(span, atMs)
    await placers[at % processes]?.place(spans)
    const { accepted } = processSpans(
      spans.map(({ record }) => record),
      atMs,
    )
    for (const { sessionKey, item } of accepted) {
      // The store knows what has come before.
      if (known.has(`${sessionKey} ${item.dedupKey}`)) continue
      known.add(`${sessionKey} ${item.dedupKey}`)
      const of = inputs.get(sessionKey) ?? []
      of.push({ kind: 'record', item, resource: {}, atMs })
      inputs.set(sessionKey, of)
    }
  }
  const sums = { turns: 0, calls: 0, failedCalls: 0, tools: 0, failedTools: 0 }
  const tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, delivered: 0, usd: 0 }
  const sessions: string[] = []
  for (const [key, of] of inputs) {
    const [first] = of
    if (first?.kind !== 'record') continue
    const closing: SessionInput = { kind: 'close', reason: 'idle', atMs: START + 1e6 }
    const { state, emissions } = reduce(
      newSession(key, first.item, START),
      [...of, closing],
      policy,
    )
    if (!state.eventful) continue
    sessions.push(key)
    const { totals } = state
    sums.turns += state.turnCount
    sums.calls += totals.modelCalls
    sums.failedCalls += totals.modelErrors
    sums.tools += totals.toolResults
    sums.failedTools += totals.toolFailures
    tokens.input += totals.usage.input
    tokens.cacheRead += totals.usage.cacheRead
    tokens.cacheWrite += totals.usage.cacheCreation
    tokens.output += totals.usage.output
    tokens.usd += totals.costUsd
    for (const emission of emissions) {
      if (emission.kind === 'observation') tokens.delivered += emission.usage?.input ?? 0
    }
  }
  return { sessions: sessions.sort(), ...sums, ...tokens }
}

/** Requests that hold the same spans, by how they come. */
export function ordersOf(spans: readonly SpanRecord[]) {
  const parentsFirst = spans.toSorted((a, b) => a.startMs - b.startMs)
  const single = (of: readonly SpanRecord[]) => of.map((span) => [span])
  const half = Math.ceil(spans.length / 2)
  return {
    'in one request': [spans],
    'in one request, parents first': [parentsFirst],
    'in one request, twice': [spans, spans],
    'one by one, children first': single(spans),
    'one by one, children first, twice': [...single(spans), ...single(spans)],
    'one by one, parents first': single(parentsFirst),
    'in two requests': [spans.slice(0, half), spans.slice(half)],
    'in two requests, the last first': [spans.slice(half), spans.slice(0, half)],
  } satisfies Readonly<Record<string, readonly (readonly SpanRecord[])[]>>
}
