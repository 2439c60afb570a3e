/**
 * Turns: a prompt and all it caused, shown as one trace. This file finds and opens them;
 * `turn-end.ts` closes them.
 */
import type { AgentEvent } from '../../domain/agent-event.ts'
import { type Draft, emit } from '../draft.ts'
import { endedTurn } from './ended-turns.ts'
import { holds, holdsItem } from '../held.ts'
import { noteProcess } from './process.ts'
import { copyCorrelations } from '../pending-correlations.ts'
import { newTurn, type ObservationDraft, type OpenTurn } from '../state.ts'

/** Key of the observation at the root of a turn's trace. */
export const ROOT_KEY = 'root'
export const TURN_TRACE_NAME = 'conversation'

/** Characters of an error's message that a turn keeps for its root. */
export const MAX_FAILURE_LENGTH = 10_000

/** What places an observation in a turn's trace. */
export type TurnPlace = Pick<OpenTurn, 'key' | 'ordinal' | 'isApart' | 'agentTraceId'>

/** The key of the turn an event names, if it names one. Prefixed, so that no id is special. */
export function namedTurnKey(event: AgentEvent): string | undefined {
  return event.promptId === undefined ? undefined : `prompt-${event.promptId}`
}

/** The key of a turn that nothing names: it begins with this event. */
export function unnamedTurnKey(event: AgentEvent): string {
  return `at-${event.timeMs}`
}

/**
 * The turn an event belongs to, opened if need be. Versions that name no prompt mean the
 * current one; what comes before any prompt opens a turn of its own.
 */
export function turnOf(draft: Draft, event: AgentEvent, arrivedMs: number): OpenTurn {
  const { state } = draft
  const key = namedTurnKey(event) ?? state.currentTurn ?? unnamedTurnKey(event)
  return openTurn(draft, key, event, arrivedMs)
}

/** The open turn of that key, opened or taken up again if need be, with the event's time noted. */
export function openTurn(
  draft: Draft,
  key: string,
  event: AgentEvent,
  arrivedMs: number,
): OpenTurn {
  const turn = draft.state.turns[key] ?? beginTurn(draft, key, event)
  turn.startMs = Math.min(turn.startMs, event.timeMs)
  turn.lastMs = Math.max(turn.lastMs, event.timeMs)
  turn.lastArrivalMs = arrivedMs
  noteProcess(draft.state, turn, event.sequence)
  return turn
}

function beginTurn(draft: Draft, key: string, event: AgentEvent): OpenTurn {
  const { state } = draft
  const before = endedTurn(state, key, event.traceId)
  if (before === undefined) state.turnCount += 1
  const turn = newTurn({
    key,
    promptId: event.promptId,
    ordinal: before?.ordinal ?? state.turnCount,
    segment: (before?.segment ?? 0) + 1,
    isApart: before?.isApart ?? state.hasDroppedTurns,
    agentTraceId: before === undefined ? event.traceId : before.agentTraceId,
    sentSubagents: copyCorrelations(before?.subagents ?? {}),
    counted: before !== undefined && before.isUncounted !== true,
    timeMs: event.timeMs,
  })
  state.turns[key] = turn
  holdsItem(draft, [key, key, event.promptId, turn.agentTraceId])
  holds(draft, turn.sentSubagents)
  state.currentTurn ??= key
  for (const note of state.earlyNotes.splice(0)) emitInTurn(draft, turn, note)
  return turn
}

/** Emits an observation of a turn, below its root unless it names another parent. */
export function emitInTurn(draft: Draft, turn: TurnPlace, observation: ObservationDraft): void {
  const { agentTraceId } = turn
  emit(draft, turnTraceKey(draft, turn), TURN_TRACE_NAME, {
    parentKey: ROOT_KEY,
    ...observation,
    ...(agentTraceId !== undefined && { agentTraceId }),
  })
}

/** The same for what names no turn; nothing happens when there has been none. */
export function emitInCurrentTurn(draft: Draft, observation: ObservationDraft): void {
  const { state } = draft
  const key = state.currentTurn
  const place = key === undefined ? undefined : (state.turns[key] ?? state.ended[key])
  if (key === undefined || place === undefined) return
  emitInTurn(draft, { ...place, key }, observation)
}

/** Who an observation hangs under: the subagent that did it, else the root. */
export function parentOf(subagentId: string | undefined): string {
  return subagentId === undefined || subagentId === '' ? ROOT_KEY : subagentKey(subagentId)
}

export function subagentKey(subagentId: string): string {
  return `subagent|${subagentId}`
}

/** Natural key of a turn's trace. Ordinals are used once in a session. */
export function turnTraceKey(draft: Draft, { key, ordinal, isApart }: TurnPlace): string {
  return `${draft.state.key}/turn/${key}${isApart ? `~${ordinal}` : ''}`
}

/** Open turns, the one that began first at the head. */
export function openTurns(draft: Draft): OpenTurn[] {
  const turns = Object.values(draft.state.turns)
  return turns.length < 2 ? turns : turns.sort((a, b) => a.startMs - b.startMs)
}
