/**
 * Content that hooks carry, shown only where the user lets content be shown: hooks always
 * carry it, whatever the agent's switches say. And the story of a turn of which hooks alone
 * told.
 */
import type { ToolResultEvent } from '../../domain/agent-event.ts'
import type { JsonValue } from '../../domain/json-value.ts'
import { bounded, cut } from '../content.ts'
import type { Draft } from '../draft.ts'
import { forgets, holds, holdsItem } from '../held.ts'
import {
  bytesOf,
  forgetOldest,
  type CorrelationBounds,
  note,
  take,
} from '../pending-correlations.ts'
import type { ObservationDraft, OpenTurn, ReportedTool } from '../state.ts'
import { toolKey } from '../tools/tool-observation.ts'
import { emitInTurn, parentOf } from '../turns/turn.ts'

/** Stands where a reader would look for cost. */
export const NO_TELEMETRY = 'none received: cost, tokens and durations are not known'

const KEPT_BACK = '[not shown: set HOOK_CONTENT=on]'

/** Tools of one turn that hooks told of and telemetry has not. */
const REPORTED_TOOLS: CorrelationBounds = { entries: 1000, bytes: 300_000 }

/** Tools that a turn remembers to have sent. */
const MAX_SHOWN_TOOLS = 1000

/** What a turn holds of a text that a hook told: none of it where it will not be shown. */
export function heldText({ policy }: Draft, text: string): string {
  return policy.hookContent === 'on' ? cut(text, policy.maxContentLength) : KEPT_BACK
}

/** The same for a tool's input, which only those tools show of which hooks alone tell. */
export function heldInput({ policy }: Draft, input: JsonValue): JsonValue | undefined {
  return policy.hookContent === 'on' ? bounded(input, policy.maxContentLength) : undefined
}

/** The same for a tool's output, which is shown beside its telemetry as well. */
export function heldOutput({ policy }: Draft, output: JsonValue): JsonValue | undefined {
  return policy.hookContent === 'off' ? undefined : bounded(output, policy.maxContentLength)
}

/** Notes a tool that a hook told of. Of too many, the oldest are let go. */
export function noteReport(draft: Draft, turn: OpenTurn, tool: ReportedTool): void {
  note(turn.reportedTools, tool.toolUseId, tool, REPORTED_TOOLS, (oldest) => {
    letGoReport(draft, turn, oldest)
  })
  holdsItem(draft, [tool.tool, tool.toolUseId, tool.toolUseId, tool.subagentId])
  holds(draft, tool.input)
  holds(draft, tool.output)
}

/** Keeps about that share of the tools that hooks told of, the newest. */
export function forgetReports(draft: Draft, turn: OpenTurn, share: number): void {
  const bounds = { ...REPORTED_TOOLS, bytes: bytesOf(turn.reportedTools) * share }
  forgetOldest(turn.reportedTools, bounds, (oldest) => letGoReport(draft, turn, oldest))
}

/** The output of a tool, when telemetry shows the tool's input. Nothing else is wanted of it then. */
export function reportedOutput(
  { policy }: Draft,
  turn: OpenTurn,
  event: ToolResultEvent,
): JsonValue | undefined {
  const told = take(turn.reportedTools, event.toolUseId)
  const mayShow =
    policy.hookContent === 'on' || (policy.hookContent === 'auto' && event.input !== undefined)
  return mayShow ? told?.output : undefined
}

/** Text that hooks alone tell. */
export function reported({ policy }: Draft, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  return policy.hookContent === 'on' ? text : KEPT_BACK
}

export function reportedPrompt(draft: Draft, turn: OpenTurn): string | undefined {
  return reported(draft, turn.reportedPrompt)
}

export function reportedAnswer(draft: Draft, turn: OpenTurn): string | undefined {
  return reported(draft, turn.reportedAnswer)
}

/**
 * The key of a tool that was shown. One that only hooks told of has a key of its own: if its
 * telemetry comes after all, nothing is sent twice under one id.
 */
export function shownToolKey({ state }: Draft, toolUseId: string): string {
  return state.hasTelemetry ? toolKey(toolUseId) : `${toolKey(toolUseId)}|told`
}

/** Notes that a tool was sent with its result: a subagent may hang under it. */
export function noteShownTool(draft: Draft, turn: OpenTurn, toolUseId: string): void {
  turn.shownTools.push(toolUseId)
  holds(draft, toolUseId)
  if (turn.shownTools.length > MAX_SHOWN_TOOLS) turn.shownTools.shift()
}

/** Tools of which only hooks told; nothing where the session has telemetry of its own. */
export function emitReportedTools(draft: Draft, turn: OpenTurn): void {
  if (draft.state.hasTelemetry) return
  for (const tool of Object.values(turn.reportedTools)) emitReportedTool(draft, turn, tool)
}

function emitReportedTool(draft: Draft, turn: OpenTurn, tool: ReportedTool): void {
  emitInTurn(draft, turn, observationOf(draft, tool))
  if (tool.state !== 'begun') noteShownTool(draft, turn, tool.toolUseId)
}

/** One that has ended, and of which hooks alone tell, is sent before its turn ends. */
function letGoReport(draft: Draft, turn: OpenTurn, tool: ReportedTool): void {
  if (draft.state.hasTelemetry || tool.state === 'begun') forgets(draft, 'reported_tools', 1)
  else emitReportedTool(draft, turn, tool)
}

function observationOf(draft: Draft, tool: ReportedTool): ObservationDraft {
  const mayShow = draft.policy.hookContent === 'on'
  return {
    type: 'tool',
    key: shownToolKey(draft, tool.toolUseId),
    parentKey: parentOf(tool.subagentId),
    name: tool.tool,
    startMs: Math.min(tool.startMs, tool.endMs),
    endMs: tool.endMs,
    input: mayShow ? (tool.input ?? null) : KEPT_BACK,
    output: mayShow ? (tool.output ?? null) : KEPT_BACK,
    ...levelOf(tool),
    metadata: { tool_use_id: tool.toolUseId, subagent_id: tool.subagentId, told_by: 'hooks' },
  }
}

function levelOf(tool: ReportedTool): Pick<ObservationDraft, 'level' | 'statusMessage'> {
  if (tool.state === 'failed') return { level: 'ERROR', statusMessage: 'the tool failed' }
  if (tool.state === 'begun') return { level: 'WARNING', statusMessage: 'no result was received' }
  return { level: 'DEFAULT' }
}
