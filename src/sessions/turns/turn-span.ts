/**
 * The span of a turn tells for certain that the turn is over, and what it hangs under. Its
 * logs travel apart, so the turn ends only after the join timeout.
 */
import type { Draft } from '../draft.ts'
import { isEmpty, take, type TurnSpan } from '../pending-correlations.ts'
import { noteJoin } from '../held.ts'
import type { OpenTurn } from '../state.ts'
import { openTurns } from './turn.ts'

/** Notes the span at its turn, or for the turn when that is not known yet. */
export function onTurnSpan(draft: Draft, traceId: string, span: TurnSpan, arrivedMs: number): void {
  const turn = openTurns(draft).find((open) => open.agentTraceId === traceId)
  if (turn === undefined) noteJoin(draft, 'turns', traceId, span)
  else applyTurnSpan(draft, turn, span, arrivedMs)
}

/** Takes up the spans that came before the turns they belong to. */
export function joinTurnSpans(draft: Draft, arrivedMs: number): void {
  const { turns } = draft.state.joins
  if (isEmpty(turns)) return
  for (const turn of openTurns(draft)) {
    const span = take(turns, turn.agentTraceId)
    if (span !== undefined) applyTurnSpan(draft, turn, span, arrivedMs)
  }
}

function applyTurnSpan(draft: Draft, turn: OpenTurn, span: TurnSpan, arrivedMs: number): void {
  turn.overAtMs ??= arrivedMs + draft.policy.joinTimeoutMs
  turn.overBy ??= 'turn_span'
  turn.outsideParentId = span.outsideParentId
  turn.startMs = Math.min(turn.startMs, span.startMs)
  turn.lastMs = Math.max(turn.lastMs, span.endMs)
}
