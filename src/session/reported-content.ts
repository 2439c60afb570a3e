/**
 * Content that hooks carry, shown only where the user lets content be shown: hooks always
 * carry it, whatever the agent's switches say. And the story of a turn of which hooks alone
 * told.
 */
import type { ToolResultEvent } from '../domain/agent-event.ts'
import type { Shown } from '../domain/shown.ts'
import type { Draft } from './draft.ts'
import { look } from './ledger.ts'
import type { ObservationDraft, OpenTurn, ReportedTool } from './state.ts'
import { toolKey } from './tool-key.ts'
import { emitInTurn, parentOf } from './turn.ts'

/** Stands where a reader would look for cost. */
export const NO_TELEMETRY = 'none received: cost, tokens and durations are not known'

const KEPT_BACK = '[not shown: set HOOK_CONTENT=on]'

/** The output of a tool, when telemetry shows the tool's input. */
export function reportedOutput(
  { policy }: Draft,
  turn: OpenTurn,
  event: ToolResultEvent,
): Shown | undefined {
  const mayShow =
    policy.hookContent === 'on' || (policy.hookContent === 'auto' && event.input !== undefined)
  return mayShow ? look(turn.reportedTools, event.toolUseId)?.output : undefined
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

/** Tools of which only hooks told; nothing where the session has telemetry of its own. */
export function emitReportedTools(draft: Draft, turn: OpenTurn): void {
  if (draft.state.hasTelemetry) return
  for (const tool of Object.values(turn.reportedTools)) {
    emitInTurn(draft, turn, observationOf(draft, tool))
    if (tool.state !== 'begun') turn.shownTools.push(tool.toolUseId)
  }
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
