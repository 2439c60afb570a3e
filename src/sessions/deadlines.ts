/**
 * When a session wants to be looked at again, and what is due then. All deadlines count
 * from arrivals, so a bridge that was down for a while closes what went quiet meanwhile.
 */
import type { CloseReason } from '../domain/session-control.ts'
import type { Draft } from './draft.ts'
import { isEmpty, isForExporters } from './eventful.ts'
import { releaseDueCalls } from './calls/model-call.ts'
import type { SessionPolicy } from './policy.ts'
import type { OpenTurn, SessionState } from './state.ts'
import { releaseDueTools } from './tools/tool-call.ts'
import { repeatsDueMs } from './repeats.ts'
import { emitSideCalls } from './turns/note.ts'
import { emitSummary } from './summary/summary.ts'
import { openTurns } from './turns/turn.ts'
import { endTurn } from './turns/turn-end.ts'

/** The next moment at which something is due, or undefined for a closed session. */
export function deadlineOf(state: SessionState, policy: SessionPolicy): number | undefined {
  if (state.closed !== undefined) return undefined
  let deadline = Math.min(
    state.lastArrivalMs + policy.idleTimeoutMs,
    state.openedAtMs + policy.maxAgeMs,
  )
  if (state.endsAtMs !== undefined) deadline = Math.min(deadline, state.endsAtMs)
  deadline = Math.min(deadline, repeatsDueMs(state) ?? deadline)
  for (const turn of Object.values(state.turns)) {
    if (isQuiet(turn)) deadline = Math.min(deadline, turn.lastArrivalMs + policy.quietTimeoutMs)
    if (turn.overAtMs !== undefined) deadline = Math.min(deadline, turn.overAtMs)
    for (const call of turn.held) deadline = Math.min(deadline, call.releaseAtMs)
    for (const tool of turn.heldTools) deadline = Math.min(deadline, tool.releaseAtMs)
  }
  return deadline
}

/** Whether looking at the session at `nowMs` would do anything. */
export function isDue(state: SessionState, policy: SessionPolicy, nowMs: number): boolean {
  const deadline = deadlineOf(state, policy)
  return deadline !== undefined && deadline <= nowMs
}

/** Does what is due at `nowMs`: lets calls go, ends quiet turns, closes the session. */
export function expire(draft: Draft, nowMs: number): void {
  const { state, policy } = draft
  if (state.closed !== undefined) return
  for (const turn of openTurns(draft)) {
    releaseDueCalls(draft, turn, nowMs)
    releaseDueTools(draft, turn, nowMs)
    if (turn.overAtMs !== undefined && turn.overAtMs <= nowMs) {
      endTurn(draft, turn, turn.overBy ?? 'turn_span')
    } else if (isQuiet(turn) && turn.lastArrivalMs + policy.quietTimeoutMs <= nowMs) {
      endTurn(draft, turn, 'quiet')
    }
  }
  if (state.endsAtMs !== undefined && state.endsAtMs <= nowMs) close(draft, 'session_end')
  else if (state.lastArrivalMs + policy.idleTimeoutMs <= nowMs) close(draft, 'idle')
  else if (state.openedAtMs + policy.maxAgeMs <= nowMs) close(draft, 'max_age')
}

/**
 * Ends all turns and sends the summary; there is none of a session in which nothing happened. Does
 * nothing to a session that is closed.
 */
export function close(draft: Draft, reason: CloseReason): void {
  if (draft.state.closed !== undefined) return
  for (const turn of openTurns(draft)) endTurn(draft, turn, reason)
  emitSideCalls(draft)
  if (!isEmpty(draft.state) && isForExporters(draft.state)) emitSummary(draft, reason)
  draft.state.closed = reason
  draft.state.endsAtMs = undefined
}

/** The main agent's last word is a finished call, and none of its tools is at work. */
function isQuiet(turn: OpenTurn): boolean {
  return turn.mainFinished && !turn.tools.some((tool) => tool.accepted && tool.lane === '')
}
