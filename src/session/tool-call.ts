/**
 * Tools: a decision opens one, its result closes it and is sent as a TOOL. A refused tool has
 * no result; it is sent at level WARNING once the agent has gone on without it.
 */
import type { ToolDecisionEvent, ToolResultEvent } from '../domain/agent-event.ts'
import { cut } from './content.ts'
import type { Draft } from './draft.ts'
import type { ObservationDraft, OpenTool, OpenTurn } from './state.ts'
import { countToolRefusal, countToolResult } from './totals.ts'
import { emitInTurn, turnOf } from './turn.ts'

export function onToolDecision(draft: Draft, event: ToolDecisionEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  turn.tools.push({
    tool: event.tool,
    toolUseId: event.toolUseId,
    lane: event.subagentId ?? '',
    accepted: event.accepted,
    source: event.source,
    parameters: event.parameters,
    requestId: event.requestId,
    atMs: event.timeMs,
    key: keyOf(event),
  })
  if (!event.accepted) countToolRefusal(draft.state.totals, event.tool)
  const oldest = turn.tools[0]
  if (turn.tools.length > draft.policy.maxHeldItems && oldest !== undefined) {
    leave(draft, turn, oldest)
  }
}

export function onToolResult(draft: Draft, event: ToolResultEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  if (event.subagentId === undefined) {
    turn.mainFinished = false
    turn.resultFor = event.requestId
  }
  countToolResult(draft.state.totals, event.tool, event.success, event.durationMs)
  turn.toolResults += 1
  const decided = decisionOf(turn, event)
  if (decided !== undefined) turn.tools = turn.tools.filter((tool) => tool !== decided)
  emitInTurn(draft, turn, toolOf(draft, event, decided))
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

function toolOf(draft: Draft, event: ToolResultEvent, decided?: OpenTool): ObservationDraft {
  const failure = event.error ?? event.errorType ?? 'the tool failed'
  const input = event.input ?? event.parameters ?? decided?.parameters
  return {
    type: 'tool',
    key: keyOf(event),
    name: event.tool,
    startMs: event.timeMs - event.durationMs,
    endMs: event.timeMs,
    ...(input !== undefined && { input: cut(input, draft.policy.maxContentLength) }),
    ...(event.success
      ? { level: 'DEFAULT' as const }
      : {
          level: 'ERROR' as const,
          statusMessage: failure,
          output: `[failed: ${cut(failure, draft.policy.maxContentLength)}]`,
        }),
    metadata: {
      tool_use_id: event.toolUseId,
      request_id: event.requestId ?? decided?.requestId,
      subagent_id: event.subagentId,
      decision: decided === undefined ? undefined : decided.accepted ? 'accept' : 'reject',
      decided_by: decided?.source,
      error_type: event.errorType,
      input_bytes: event.inputBytes,
      result_bytes: event.resultBytes,
    },
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

/** An accepted tool's key is kept free for a result that comes late after all. */
function leave(draft: Draft, turn: OpenTurn, tool: OpenTool): void {
  turn.tools = turn.tools.filter((other) => other !== tool)
  emitInTurn(draft, turn, {
    type: 'tool',
    key: tool.accepted ? `${tool.key}|unfinished` : tool.key,
    name: tool.tool,
    startMs: tool.atMs,
    endMs: tool.atMs,
    ...(tool.parameters !== undefined && {
      input: cut(tool.parameters, draft.policy.maxContentLength),
    }),
    level: 'WARNING',
    statusMessage: tool.accepted ? 'no result was received' : `refused by ${tool.source}`,
    metadata: {
      tool_use_id: tool.toolUseId,
      request_id: tool.requestId,
      subagent_id: tool.lane === '' ? undefined : tool.lane,
      decision: tool.accepted ? 'accept' : 'reject',
      decided_by: tool.source,
    },
  })
}

function keyOf(event: ToolDecisionEvent | ToolResultEvent): string {
  return `tool|${event.toolUseId ?? event.dedupKey}`
}
