/**
 * What hooks tell. Telemetry stays the source of everything that is counted, and arrives up to
 * some seconds later; a hook says at once, and for certain, when a turn or the session is
 * over, which tool started which subagent, and what a tool returned. Reports never take up a
 * turn again that has ended.
 */
import type {
  ReportEvent,
  SessionEndReport,
  SubagentReport,
  ToolReport,
  TurnStartReport,
  TurnStopReport,
} from '../../domain/agent-event.ts'
import type { Draft } from '../draft.ts'
import { endedTurn } from '../turns/ended-turns.ts'
import { holds, noteJoin } from '../held.ts'
import { look } from '../pending-correlations.ts'
import { heldInput, heldOutput, heldText, noteReport } from './reported-content.ts'
import type { OpenTurn } from '../state.ts'
import { noteStart } from '../subagents/started-by.ts'
import { noteSubagent } from '../subagents/subagent.ts'
import { namedTurnKey, openTurn, openTurns } from '../turns/turn.ts'

/** Subagents that a turn waits for after its agent has stopped. */
const MAX_RUNNING = 100

export function onReport(draft: Draft, event: ReportEvent, arrivedMs: number): void {
  switch (event.kind) {
    case 'turn_start_report':
      onTurnStart(draft, event, arrivedMs)
      return
    case 'turn_stop_report':
      onTurnStop(draft, event, arrivedMs)
      return
    case 'tool_report':
      onToolReport(draft, event, arrivedMs)
      return
    case 'subagent_report':
      onSubagentReport(draft, event, arrivedMs)
      return
    case 'session_end_report':
      onSessionEnd(draft, event, arrivedMs)
      return
  }
}

/** The turn a report belongs to; none for one that has ended or that is not named. */
function reportedTurn(draft: Draft, event: ReportEvent, arrivedMs: number): OpenTurn | undefined {
  const key = namedTurnKey(event)
  if (key === undefined || endedTurn(draft.state, key, event.traceId) !== undefined)
    return undefined
  return openTurn(draft, key, event, arrivedMs)
}

/** The turns before it are over; their telemetry may still be on its way. */
function onTurnStart(draft: Draft, event: TurnStartReport, arrivedMs: number): void {
  const turn = reportedTurn(draft, event, arrivedMs)
  if (turn === undefined) return
  if (!turn.prompted) {
    turn.reportedPrompt = heldText(draft, event.prompt)
    holds(draft, turn.reportedPrompt)
  }
  for (const other of openTurns(draft)) {
    // One at work may be that of another process: its telemetry says when it is over.
    const isAtWork = other.process !== undefined && !other.mainFinished
    if (other !== turn && other.startMs <= event.timeMs && !isAtWork) {
      overSoon(draft, other, 'next_prompt', arrivedMs)
    }
  }
}

function onTurnStop(draft: Draft, event: TurnStopReport, arrivedMs: number): void {
  const turn = reportedTurn(draft, event, arrivedMs)
  if (turn === undefined) return
  if (event.answer !== undefined && turn.answer === undefined) {
    turn.reportedAnswer = heldText(draft, event.answer)
    holds(draft, turn.reportedAnswer)
  }
  turn.stopWaitsFor = event.running.slice(0, MAX_RUNNING)
  holds(draft, turn.stopWaitsFor)
  if (event.running.length === 0) overSoon(draft, turn, 'stop', arrivedMs)
}

function onToolReport(draft: Draft, event: ToolReport, arrivedMs: number): void {
  if (event.startedSubagentId !== undefined) {
    noteJoin(draft, 'subagentTools', event.startedSubagentId, event.toolUseId)
  }
  const turn = reportedTurn(draft, event, arrivedMs)
  if (turn === undefined) return
  noteStartOfReport(draft, turn, event)
  const known = look(turn.reportedTools, event.toolUseId)
  noteReport(draft, turn, {
    tool: event.tool,
    toolUseId: event.toolUseId,
    subagentId: event.subagentId,
    state: event.state,
    startMs: known?.startMs ?? event.timeMs - (event.durationMs ?? 0),
    endMs: event.timeMs,
    input: event.input === undefined ? known?.input : heldInput(draft, event.input),
    output: event.output === undefined ? known?.output : heldOutput(draft, event.output),
  })
}

/** What a hook tells of a subagent's task is shown where what hooks tell is. */
function noteStartOfReport(draft: Draft, turn: OpenTurn, event: ToolReport): void {
  const { tool, toolUseId, subagentId: lane = '', timeMs: startMs } = event
  const input = event.input === undefined ? undefined : heldInput(draft, event.input)
  if (event.state === 'begun') noteStart(draft, turn, { tool, toolUseId, lane, input, startMs })
}

function onSubagentReport(draft: Draft, event: SubagentReport, arrivedMs: number): void {
  const turn = reportedTurn(draft, event, arrivedMs)
  if (turn === undefined) return
  const told = event.answer === undefined ? undefined : heldText(draft, event.answer)
  noteSubagent(draft, turn, event, (known) => ({
    type: known.type ?? event.subagentType,
    reportedAnswer: told ?? known.reportedAnswer,
  }))
  holds(draft, told)
  if (event.state !== 'stopped' || turn.stopWaitsFor === undefined) return
  turn.stopWaitsFor = turn.stopWaitsFor.filter((id) => id !== event.subagentId)
  if (turn.stopWaitsFor.length === 0) overSoon(draft, turn, 'stop', arrivedMs)
}

function onSessionEnd(draft: Draft, event: SessionEndReport, arrivedMs: number): void {
  draft.state.endsAtMs = arrivedMs + draft.policy.sessionEndGraceMs
  draft.state.endReason = event.reason
}

function overSoon(
  draft: Draft,
  turn: OpenTurn,
  by: 'stop' | 'next_prompt',
  arrivedMs: number,
): void {
  if (turn.overBy === 'stop') return
  turn.overBy = by
  turn.overAtMs ??= arrivedMs + draft.policy.joinTimeoutMs
}
