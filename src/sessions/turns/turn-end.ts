/**
 * How turns end. The root is sent last, once, when the turn has ended. What comes after that
 * joins the same trace; if it brought a newer answer, an AGENT `conversation (continued)`
 * below the root carries it, so nothing is sent twice and nothing is lost.
 */
import { type Draft, emit } from '../draft.ts'
import { rememberTurn } from './ended-turns.ts'
import { releaseDueCalls, sendEarlyUsage } from '../calls/model-call.ts'
import type { OpenTurn, TurnEnd } from '../state.ts'
import {
  emitReportedTools,
  NO_TELEMETRY,
  reportedAnswer,
  reportedPrompt,
} from '../hooks/reported-content.ts'
import { emitSubagents } from '../subagents/subagent.ts'
import { leaveTools, releaseDueTools } from '../tools/tool-call.ts'
import { emitInTurn, openTurns, ROOT_KEY, TURN_TRACE_NAME, turnTraceKey } from './turn.ts'

/** Ends a turn: lets go what it holds, and sends its root or its continuation. */
export function endTurn(draft: Draft, turn: OpenTurn, reason: TurnEnd): void {
  const { state, policy } = draft
  const endedBy = turn.overBy ?? reason
  releaseDueCalls(draft, turn, Number.POSITIVE_INFINITY)
  sendEarlyUsage(draft, turn)
  releaseDueTools(draft, turn, Number.POSITIVE_INFINITY)
  leaveTools(draft, turn)
  emitReportedTools(draft, turn)
  emitSubagents(draft, turn)
  if (turn.segment === 1) emitRoot(draft, turn, endedBy)
  else if (turn.answer !== undefined) emitContinuation(draft, turn, endedBy)
  delete state.turns[turn.key]
  rememberTurn(state, turn, policy)
}

function emitRoot(draft: Draft, turn: OpenTurn, reason: TurnEnd): void {
  emit(draft, turnTraceKey(draft, turn), TURN_TRACE_NAME, {
    type: 'agent',
    key: ROOT_KEY,
    ...(turn.agentTraceId !== undefined && { agentTraceId: turn.agentTraceId }),
    ...(turn.outsideParentId !== undefined && { outsideParentId: turn.outsideParentId }),
    name: TURN_TRACE_NAME,
    startMs: turn.startMs,
    endMs: turn.lastMs,
    input: turn.prompt ?? reportedPrompt(draft, turn) ?? '[no prompt received]',
    ...outputOf(draft, turn),
    metadata: {
      turn: turn.ordinal,
      ended_by: reason,
      prompt_id: turn.promptId,
      prompt_length: turn.promptLength,
      synthetic: turn.synthetic ? true : undefined,
      telemetry: draft.state.hasTelemetry ? undefined : NO_TELEMETRY,
      command: turn.command,
      model_calls: turn.modelCalls,
      tool_results: turn.toolResults,
      implausible: turn.implausible,
    },
  })
}

function emitContinuation(draft: Draft, turn: OpenTurn, reason: TurnEnd): void {
  emitInTurn(draft, turn, {
    type: 'agent',
    key: `${ROOT_KEY}|${turn.segment}`,
    name: `${TURN_TRACE_NAME} (continued)`,
    startMs: turn.startMs,
    endMs: turn.lastMs,
    input: '[continued after the turn had gone quiet]',
    ...outputOf(draft, turn),
    metadata: { turn: turn.ordinal, ended_by: reason, continuation: turn.segment - 1 },
  })
}

/** The newest answer; a turn whose last call failed is shown as an error. */
function outputOf(draft: Draft, turn: OpenTurn) {
  const answer = turn.answer ?? reportedAnswer(draft, turn)
  if (turn.failure !== undefined) {
    const message = `[failed: ${turn.failure}]`
    return { output: answer ?? message, level: 'ERROR', statusMessage: turn.failure } as const
  }
  return { output: answer ?? '[no answer recorded]', level: 'DEFAULT' } as const
}

/** Ends the turns that began first until no more are open than the policy allows. */
export function boundOpenTurns(draft: Draft): void {
  const excess = Object.keys(draft.state.turns).length - draft.policy.maxOpenTurns
  if (excess <= 0) return
  for (const turn of openTurns(draft).slice(0, excess)) endTurn(draft, turn, 'limit')
}
