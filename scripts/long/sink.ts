/** A Langfuse that keeps nothing but counts, and that fails by the simulated clock. */
import type { Clock } from '../../src/domain/clock.ts'
import type { HttpOutcome } from '../../src/exporters/http-verdict.ts'
import type { LangfuseClient } from '../../src/exporters/langfuse/client.ts'
import type { Random } from '../../test/integration/faults/random.ts'
import { createDistinct, type Distinct } from './distinct.ts'

export interface Sink extends LangfuseClient {
  /** Distinct rows. */
  rows(): { readonly calls: number; readonly tools: number; readonly prompts: number }
  /** Spans that came again. */
  resent(): number
  /** Memory that counting rows takes, from the first one. */
  readonly bytes: number
  heal(): void
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Of each hour, in minutes: away, asking for patience; and one hour away altogether. */
const AWAY = [10, 13] as const
const THROTTLING = [30, 32] as const
const HOUR_AWAY = 7
/** One request in so many fails in one of three ways. */
const FAILS_ONE_IN = 60

const ok: HttpOutcome = { kind: 'answer', status: 200, body: '{}' }
const away: HttpOutcome = { kind: 'no_answer', error: 'nobody is there' }
const throttled: HttpOutcome = { kind: 'answer', status: 429, body: '', retryAfter: '20' }

export function createSink(clock: Clock, random: Random, maxRows: number): Sink {
  const startMs = clock.now()
  const calls = createDistinct(maxRows)
  const tools = createDistinct(maxRows)
  const prompts = createDistinct(maxRows)
  let resent = 0
  let healthy = false

  function trouble(): HttpOutcome | undefined {
    if (healthy) return undefined
    const sinceMs = clock.now() - startMs
    const minute = (sinceMs % HOUR_MS) / MINUTE_MS
    const isIn = ([from, to]: readonly [number, number]) => minute >= from && minute < to
    if (Math.floor(sinceMs / HOUR_MS) === HOUR_AWAY || isIn(AWAY)) return away
    if (isIn(THROTTLING)) return throttled
    if (!random.oneIn(FAILS_ONE_IN)) return undefined
    return random.pick([{ kind: 'answer', status: 500, body: '' }, away] as const)
  }

  /** Rows that stand for one record; a tool without its result does not. */
  function tableOf({ name, attributes }: Span): Distinct | undefined {
    if (name.startsWith('chat ')) return calls
    if (name === 'conversation') return prompts
    const isWarning = attributes.some(({ value }) => value.stringValue === 'WARNING')
    return name === 'Read' && !isWarning ? tools : undefined
  }

  function store(body: string): void {
    const { resourceSpans } = JSON.parse(body) as Export
    for (const span of resourceSpans[0]?.scopeSpans[0]?.spans ?? []) {
      if (tableOf(span)?.add(span.spanId) === false) resent += 1
    }
  }

  return {
    sendSpans: async (body) => {
      const failure = trouble()
      // Half of the answers that do not come belong to batches that were stored.
      if (failure !== undefined && (failure !== away || random.oneIn(2))) return failure
      store(body)
      return failure ?? ok
    },
    sendScore: async () => trouble() ?? ok,
    probe: async () => trouble() ?? ok,
    rows: () => ({ calls: calls.count(), tools: tools.count(), prompts: prompts.count() }),
    resent: () => resent,
    bytes: calls.bytes + tools.bytes + prompts.bytes,
    heal: () => {
      healthy = true
    },
  }
}

interface Span {
  readonly name: string
  readonly spanId: string
  readonly attributes: readonly { readonly value: { readonly stringValue?: string } }[]
}

interface Export {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[]
  }[]
}
