/**
 * Tools: a decision opens one, its result closes it and is sent as a TOOL, after its span has
 * come where the agent sends spans. A refused tool has no result; it is sent at level WARNING
 * once the agent has gone on without it.
 */
import type { ToolDecisionEvent, ToolResultEvent } from '../domain/agent-event.ts'
import type { Draft } from './draft.ts'
import { look, take } from './ledger.ts'
import type { HeldTool, OpenTool, OpenTurn } from './state.ts'
import { reportedOutput } from './reported-content.ts'
import { noteSubagent } from './subagent.ts'
import {
  enrichedTool,
  resultObservation,
  unfinishedObservation,
  waitObservation,
} from './tool-observation.ts'
import { countToolRefusal, countToolResult } from './totals.ts'
import { emitInTurn, openTurns, turnOf } from './turn.ts'
import { addToolRefusal, addToolResult } from './usage.ts'

export function onToolDecision(draft: Draft, event: ToolDecisionEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  noteSubagent(turn, event)
  turn.tools.push({
    tool: event.tool,
    toolUseId: event.toolUseId,
    lane: event.subagentId ?? '',
    accepted: event.accepted,
    source: event.source,
    parameters: event.parameters,
    requestId: event.requestId,
    atMs: event.timeMs,
    key: event.dedupKey,
  })
  if (!event.accepted) {
    countToolRefusal(draft.state.totals, event.tool)
    addToolRefusal(draft.usage, event.tool, event.timeMs)
  }
  const oldest = turn.tools[0]
  if (turn.tools.length > draft.policy.maxHeldItems && oldest !== undefined) {
    leave(draft, turn, oldest)
  }
}

export function onToolResult(draft: Draft, event: ToolResultEvent, arrivedMs: number): void {
  const { state, policy } = draft
  const turn = turnOf(draft, event, arrivedMs)
  if (event.subagentId === undefined) {
    turn.mainFinished = false
    turn.resultFor = event.requestId
  }
  countToolResult(state.totals, event.tool, event.success, event.durationMs)
  addToolResult(draft.usage, event.tool, event)
  turn.toolResults += 1
  noteSubagent(turn, event, (known) => ({ toolResults: known.toolResults + 1 }))
  const decided = decisionOf(turn, event)
  if (decided !== undefined) turn.tools = turn.tools.filter((tool) => tool !== decided)
  const told = reportedOutput(draft, turn, event)
  const observation = resultObservation(event, decided, told, policy.maxContentLength)
  const { toolUseId } = event
  if (toolUseId === undefined) {
    emitInTurn(draft, turn, observation)
    return
  }
  turn.shownTools.push(toolUseId)
  if (turn.shownTools.length > policy.maxHeldItems) turn.shownTools.shift()
  turn.heldTools.push({
    draft: observation,
    toolUseId,
    releaseAtMs: arrivedMs + policy.joinTimeoutMs,
  })
  if (!state.traced || look(state.joins.tools, toolUseId) !== undefined) joinTool(draft, toolUseId)
}

/** A tool's span has come, or none will: sends the tool that waits for it. */
export function joinTool(draft: Draft, toolUseId: string): void {
  for (const turn of openTurns(draft)) {
    const held = turn.heldTools.find((tool) => tool.toolUseId === toolUseId)
    if (held !== undefined) release(draft, turn, held)
  }
}

/** Lets go the tools whose wait for a span is over at `nowMs`. */
export function releaseDueTools(draft: Draft, turn: OpenTurn, nowMs: number): void {
  for (const tool of [...turn.heldTools]) {
    if (tool.releaseAtMs <= nowMs) release(draft, turn, tool)
  }
}

/** The lane's next model call shows that its refused tools will have no result. */
export function leaveRefusals(draft: Draft, turn: OpenTurn, lane: string): void {
  for (const tool of [...turn.tools]) {
    if (!tool.accepted && tool.lane === lane) leave(draft, turn, tool)
  }
}

/** The turn is over: what is still open gets no result any more. */
export function leaveTools(draft: Draft, turn: OpenTurn): void {
  for (const tool of [...turn.tools]) leave(draft, turn, tool)
}

/** By the tool's own id; versions without one decide and answer in order, tool by tool. */
function decisionOf(turn: OpenTurn, event: ToolResultEvent): OpenTool | undefined {
  if (event.toolUseId !== undefined) {
    return turn.tools.find((tool) => tool.toolUseId === event.toolUseId)
  }
  const lane = event.subagentId ?? ''
  return turn.tools.find(
    (tool) => tool.toolUseId === undefined && tool.tool === event.tool && tool.lane === lane,
  )
}

function release(draft: Draft, turn: OpenTurn, held: HeldTool): void {
  const { joins } = draft.state
  turn.heldTools = turn.heldTools.filter((other) => other !== held)
  const span = take(joins.tools, held.toolUseId)
  if (span === undefined) {
    emitInTurn(draft, turn, held.draft)
    return
  }
  const wait = take(joins.waits, span.spanId)
  const execution = take(joins.executions, held.toolUseId)
  const { maxContentLength } = draft.policy
  emitInTurn(draft, turn, enrichedTool(held.draft, span, wait, execution, maxContentLength))
  const waiting = wait && waitObservation(held.draft, wait)
  if (waiting !== undefined) emitInTurn(draft, turn, waiting)
}

function leave(draft: Draft, turn: OpenTurn, tool: OpenTool): void {
  turn.tools = turn.tools.filter((other) => other !== tool)
  emitInTurn(draft, turn, unfinishedObservation(tool, draft.policy.maxContentLength))
}
