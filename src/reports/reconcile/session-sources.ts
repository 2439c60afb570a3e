/**
 * The model calls of a session as each of its sources tells them: telemetry, which reports the cost, and
 * the transcript, whose cost is an estimate. What the store has joined is one call.
 */
import type { ModelCallEvent, TokenUsage, TranscriptEvent } from '../../domain/agent-event.ts'
import { roundUsd } from '../../domain/exact-sum.ts'
import type { PriceOf } from '../../domain/price.ts'
import type { Arrival } from '../../domain/session-store.ts'
import { CONTINUES, telemetryKeyOf } from '../../domain/transcript-join.ts'
import { processStored } from '../../processors/stored-processor.ts'
import { costOfCall } from '../../sessions/calls/call-cost.ts'
import type { RecordReader } from '../../storage/store-reader.ts'

/** A call as one source tells it. */
export interface SourceCall {
  readonly timeMs: number
  readonly model: string
  /** What it was for, in the agent's words. */
  readonly querySource: string | undefined
  readonly usage: TokenUsage | undefined
  /** US dollars: the agent's figure, else an estimate; undefined where there is no price. */
  readonly costUsd: number | undefined
}

/** One of them is there. */
export interface JoinedCall {
  readonly telemetry?: SourceCall
  readonly transcript?: SourceCall
}

export interface SessionSources {
  readonly calls: readonly JoinedCall[]
  /** When the first event of telemetry was, epoch ms; undefined where none came. */
  readonly firstTelemetryMs: number | undefined
  /** When the last entry of a transcript was; undefined where none was imported. */
  readonly lastTranscriptMs: number | undefined
  /** It goes on with another session, whose lines it has copied. */
  readonly isContinuation: boolean
  /** What the agent itself says that the session cost so far, US dollars. */
  readonly agentTotalUsd: number | undefined
}

/** Batches that are read at once. */
const BATCHES = 50

export async function sourcesOf(
  records: Pick<RecordReader, 'batches'>,
  sessionKey: string,
  priceOf: PriceOf | undefined,
): Promise<SessionSources> {
  const collected = createCollection(priceOf)
  for (let position = 0; ; ) {
    const batches = await records.batches(sessionKey, position, BATCHES)
    const last = batches.at(-1)
    if (last === undefined) return collected.sources()
    for (const batch of batches) {
      for (const arrival of processStored(batch).accepted) collected.add(arrival)
    }
    position = last.id
  }
}

interface Entry {
  readonly event: ModelCallEvent
  readonly call: SourceCall
  readonly copyOf: string | undefined
}

function createCollection(priceOf: PriceOf | undefined) {
  const events = new Map<string, SourceCall>()
  const spans = new Map<string, SourceCall>()
  /** By what telemetry refers to them by. */
  const entries = new Map<string, Entry>()
  const eventOfEntry = new Map<string, string>()
  let firstTelemetryMs: number | undefined
  let lastTranscriptMs: number | undefined
  let isContinuation = false
  let agentTotal: { readonly atMs: number; readonly usd: number } | undefined

  function callOf(event: ModelCallEvent): SourceCall {
    const { timeMs, model, querySource, usage } = event
    return { timeMs, model, querySource, usage, costUsd: costOfCall(event, priceOf).cost?.usd }
  }

  function addEntry({ event, copyOf, joinKey, amends, name, timeMs }: TranscriptEvent): void {
    lastTranscriptMs = Math.max(lastTranscriptMs ?? timeMs, timeMs)
    isContinuation ||= name === CONTINUES
    if (event.kind !== 'model_call' || joinKey === undefined) return
    const before = entries.get(joinKey)
    if (amends === true && before !== undefined) {
      const better = { ...before.event, ...(event.usage && { usage: event.usage }) }
      const known = before.copyOf ?? copyOf
      entries.set(joinKey, { event: better, call: callOf(better), copyOf: known })
    } else if (amends !== true) entries.set(joinKey, { event, call: callOf(event), copyOf })
  }

  function addAgentTotal({ stored, item }: Arrival): void {
    if (stored.signal !== 'transcript' || stored.record.name !== 'cost_state') return
    const usd = stored.record.attributes.total_cost_usd
    if (typeof usd !== 'number' || item.timeMs < (agentTotal?.atMs ?? 0)) return
    // The agent adds its costs up as floating-point numbers.
    agentTotal = { atMs: item.timeMs, usd: roundUsd(usd) }
  }

  function joined(): JoinedCall[] {
    const told = events.size > 0 ? events : spans
    const alone = new Map(told)
    const calls: JoinedCall[] = [...entries].map(([joinKey, { call, copyOf }]) => {
      const key = copyOf ?? eventOfEntry.get(joinKey)
      const telemetry = key === undefined ? undefined : told.get(key)
      if (key === undefined || telemetry === undefined) return { transcript: call }
      alone.delete(key)
      return { telemetry, transcript: call }
    })
    return [...calls, ...[...alone.values()].map((telemetry) => ({ telemetry }))]
  }

  return {
    add: (arrival: Arrival): void => {
      const { item, stored } = arrival
      if (item.kind === 'transcript') {
        addEntry(item)
        addAgentTotal(arrival)
        return
      }
      if (stored.signal === 'log') {
        firstTelemetryMs = Math.min(firstTelemetryMs ?? item.timeMs, item.timeMs)
      }
      if (item.kind !== 'model_call') return
      const key = telemetryKeyOf(item)
      ;(stored.signal === 'log' ? events : spans).set(key, callOf(item))
      if (item.transcriptKey !== undefined) eventOfEntry.set(item.transcriptKey, key)
    },
    sources: (): SessionSources => ({
      calls: joined(),
      firstTelemetryMs,
      lastTranscriptMs,
      isContinuation,
      agentTotalUsd: agentTotal?.usd,
    }),
  }
}
