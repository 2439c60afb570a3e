/**
 * Tools: a decision opens one, its result closes it and is sent as a TOOL, after its span has
 * come where the agent sends spans. A refused tool has no result; it is sent at level WARNING
 * once the agent has gone on without it.
 */
import type { ToolDecisionEvent, ToolResultEvent } from '../../domain/agent-event.ts'
import type { Draft } from '../draft.ts'
import { cut } from '../content.ts'
import { holds, holdsItem, noteJoin } from '../held.ts'
import { look, take } from '../pending-correlations.ts'
import { amendAnswer, noteAnswer, noteRequest } from '../calls/exchange.ts'
import { noteStart } from '../subagents/started-by.ts'
import { keyOf } from '../usage/name-table.ts'
import { jsonText } from '../../domain/numbers.ts'
import type { JsonValue } from '../../domain/json-value.ts'
import type { HeldTool, ObservationDraft, OpenTool, OpenTurn } from '../state.ts'
import { noteShownTool, reportedOutput } from '../hooks/reported-content.ts'
import { noteSubagent } from '../subagents/subagent.ts'
import {
  enrichedTool,
  resultObservation,
  unfinishedObservation,
  waitObservation,
} from './tool-observation.ts'
import { countToolRefusal, countToolResult } from '../usage/totals.ts'
import { emitInTurn, openTurns, turnOf } from '../turns/turn.ts'
import { addToolRefusal, addToolResult } from '../usage/usage.ts'

export function onToolDecision(draft: Draft, event: ToolDecisionEvent, arrivedMs: number): void {
  const { state, policy } = draft
  const turn = turnOf(draft, event, arrivedMs)
  noteSubagent(draft, turn, event)
  const tool: OpenTool = {
    tool: event.tool,
    toolUseId: event.toolUseId,
    lane: event.subagentId ?? '',
    accepted: event.accepted,
    source: event.source,
    parameters: event.parameters && cut(event.parameters, policy.maxContentLength),
    requestId: event.requestId,
    atMs: event.timeMs,
    key: event.dedupKey,
    ...(event.isRepeat === true && { isRepeat: true }),
  }
  turn.tools.push(tool)
  if (event.place === undefined) noteAsked(draft, turn, tool)
  const { toolUseId, lane, source, requestId, key } = tool
  holdsItem(draft, [tool.tool, toolUseId, lane, source, requestId, key])
  holds(draft, tool.parameters)
  if (!event.accepted) {
    countToolRefusal(state.totals, event.tool)
    addToolRefusal(draft.usage, keyOf(state.totals.tools, event.tool), event.timeMs)
  }
  if (turn.tools.length > policy.maxHeldItems) leaveOldestTool(draft, turn)
}

/** A tool that was asked for is refused after all: it is shown once. */
export function forgetTool(draft: Draft, toolUseId: string | undefined): void {
  for (const turn of openTurns(draft)) {
    turn.tools = turn.tools.filter((tool) => tool.toolUseId !== toolUseId)
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
  addToolResult(draft.usage, keyOf(state.totals.tools, event.tool), event)
  turn.toolResults += 1
  noteSubagent(draft, turn, event, (known) => ({ toolResults: known.toolResults + 1 }))
  const decided = takeDecision(turn, event)
  const told = reportedOutput(draft, turn, event)
  const observation = resultObservation(event, decided, told, policy.maxContentLength)
  const { toolUseId } = event
  if (event.place === undefined) noteExchange(draft, turn, event, observation)
  if (toolUseId === undefined) {
    emitInTurn(draft, turn, observation)
    return
  }
  noteShownTool(draft, turn, toolUseId)
  if (event.place !== undefined) {
    noteJoin(draft, 'executionOwners', event.place.spanId, toolUseId)
    emitInTurn(draft, turn, observation)
    return
  }
  const held = { draft: observation, toolUseId, releaseAtMs: arrivedMs + policy.joinTimeoutMs }
  if (!state.traced || look(state.joins.tools, toolUseId) !== undefined) {
    send(draft, turn, held)
    return
  }
  turn.heldTools.push(held)
  holds(draft, held)
  if (turn.heldTools.length > policy.maxHeldItems) sendOldestTool(draft, turn)
}

/** What a decision tells of the call that asked for the tool: seldom all of the input. */
function noteAsked(draft: Draft, turn: OpenTurn, tool: OpenTool): void {
  const { tool: name, toolUseId: id, lane, requestId, atMs, parameters: input } = tool
  const key = id ?? tool.key
  noteRequest(draft, turn, { key, id, name, lane, requestId, atMs, input, isPart: true })
  noteStart(draft, turn, { tool: name, toolUseId: id, lane, input, startMs: atMs })
}

/** What a result tells of the calls before and behind it. */
function noteExchange(
  draft: Draft,
  turn: OpenTurn,
  event: ToolResultEvent,
  { startMs, input: shownInput, output: shownOutput, metadata }: ObservationDraft,
): void {
  const { tool: name, toolUseId: id, subagentId: lane = '', timeMs } = event
  const requestId = typeof metadata.request_id === 'string' ? metadata.request_id : undefined
  const isRecorded = (event.input ?? event.parameters) !== undefined
  const input = isRecorded ? textOf(shownInput) : undefined
  const key = id ?? event.dedupKey
  const isPart = event.input === undefined
  noteRequest(draft, turn, { key, id, name, lane, requestId, atMs: startMs, input, isPart })
  noteAnswer(draft, turn, {
    key,
    id,
    name,
    lane,
    requestId,
    timeMs,
    output: textOf(shownOutput),
    isPart: event.success && shownOutput === `[${event.outputNote ?? 'not recorded'}]`,
  })
  noteStart(draft, turn, { tool: name, toolUseId: id, lane, input, startMs, endMs: timeMs })
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : jsonText(value ?? null)
}

/** A tool's span has come: sends the tool that waits for it. */
export function joinTool(draft: Draft, toolUseId: string): void {
  for (const turn of openTurns(draft)) {
    const at = turn.heldTools.findIndex((tool) => tool.toolUseId === toolUseId)
    const [held] = at < 0 ? [] : turn.heldTools.splice(at, 1)
    if (held !== undefined) send(draft, turn, held)
  }
}

/** Lets go the tools whose wait for a span is over at `nowMs`. */
export function releaseDueTools(draft: Draft, turn: OpenTurn, nowMs: number): void {
  const isDue = (tool: HeldTool) => tool.releaseAtMs <= nowMs
  if (!turn.heldTools.some(isDue)) return
  const due = turn.heldTools.filter(isDue)
  turn.heldTools = turn.heldTools.filter((tool) => !isDue(tool))
  for (const tool of due) send(draft, turn, tool)
}

/** Sends the tool that waits for longest, and returns it. */
export function sendOldestTool(draft: Draft, turn: OpenTurn): HeldTool | undefined {
  const oldest = turn.heldTools.shift()
  if (oldest !== undefined) send(draft, turn, oldest)
  return oldest
}

/** The lane's next model call shows that its refused tools will have no result. */
export function leaveRefusals(draft: Draft, turn: OpenTurn, lane: string): void {
  const isRefused = (tool: OpenTool) => !tool.accepted && tool.lane === lane
  if (!turn.tools.some(isRefused)) return
  const refused = turn.tools.filter(isRefused)
  turn.tools = turn.tools.filter((tool) => !isRefused(tool))
  for (const tool of refused) {
    noteRefusal(draft, turn, tool)
    leave(draft, turn, tool)
  }
}

/** The model is told that it may not; in which words, nobody records. */
function noteRefusal(draft: Draft, turn: OpenTurn, tool: OpenTool): void {
  const { tool: name, toolUseId: id, lane, requestId, atMs: timeMs, source } = tool
  const key = id ?? tool.key
  const output = `[refused by ${source}]`
  noteAnswer(draft, turn, { key, id, name, lane, requestId, timeMs, output, isPart: true })
}

/** The turn is over: what is still open gets no result any more. */
export function leaveTools(draft: Draft, turn: OpenTurn): void {
  for (const tool of turn.tools.splice(0)) leave(draft, turn, tool)
}

/** Waits no longer for the result of the tool that is open for longest, and returns that. */
export function leaveOldestTool(draft: Draft, turn: OpenTurn): OpenTool | undefined {
  const oldest = turn.tools.shift()
  if (oldest !== undefined) leave(draft, turn, oldest)
  return oldest
}

/** By the tool's own id; versions without one decide and answer in order, tool by tool. */
function takeDecision(turn: OpenTurn, event: ToolResultEvent): OpenTool | undefined {
  const { toolUseId, subagentId: lane = '' } = event
  const at = turn.tools.findIndex((tool) =>
    toolUseId === undefined
      ? tool.toolUseId === undefined && tool.tool === event.tool && tool.lane === lane
      : tool.toolUseId === toolUseId,
  )
  return at < 0 ? undefined : turn.tools.splice(at, 1)[0]
}

function send(draft: Draft, turn: OpenTurn, held: HeldTool): void {
  const { joins } = draft.state
  const span = take(joins.tools, held.toolUseId)
  if (span === undefined) {
    emitInTurn(draft, turn, held.draft)
    return
  }
  const wait = take(joins.waits, span.spanId)
  const execution = take(joins.executions, held.toolUseId)
  const { maxContentLength } = draft.policy
  const tool = enrichedTool(held.draft, span, wait, execution, maxContentLength)
  if (tool.output !== held.draft.output) amendAnswer(draft, turn, held.toolUseId, tool.output)
  emitInTurn(draft, turn, tool)
  const waiting = wait && waitObservation(held.draft, wait)
  if (waiting !== undefined) emitInTurn(draft, turn, waiting)
}

function leave(draft: Draft, turn: OpenTurn, tool: OpenTool): void {
  emitInTurn(draft, turn, unfinishedObservation(tool, draft.policy.maxContentLength))
}
