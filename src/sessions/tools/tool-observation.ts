/** How a tool is shown, and what its span adds to that. */
import type { ToolResultEvent } from '../../domain/agent-event.ts'
import type { JsonValue } from '../../domain/json-value.ts'
import { bounded, cut } from '../content.ts'
import type { Interval, ToolSpan } from '../pending-correlations.ts'
import type { ObservationDraft, OpenTool } from '../state.ts'
import { parentOf } from '../turns/turn.ts'

/** Waiting for the user that is shown as a span of its own; less is in the metadata. */
const SHOWN_WAIT_MS = 500

/** A tool that has its result. */
export function resultObservation(
  event: ToolResultEvent,
  decided: OpenTool | undefined,
  output: JsonValue | undefined,
  maxLength: number,
): ObservationDraft {
  const failure = event.error ?? event.errorType ?? 'the tool failed'
  const input = event.input ?? event.parameters ?? decided?.parameters
  return {
    type: 'tool',
    key: resultKey(event, decided),
    parentKey: parentOf(event.subagentId),
    name: event.tool,
    startMs: event.timeMs - (event.durationMs ?? 0),
    endMs: event.timeMs,
    input: input === undefined ? `[${event.inputNote ?? 'not recorded'}]` : cut(input, maxLength),
    output: event.success
      ? (outputOf(event, maxLength) ?? output ?? `[${event.outputNote ?? 'not recorded'}]`)
      : `[failed: ${cut(failure, maxLength)}]`,
    ...(event.success
      ? { level: 'DEFAULT' as const }
      : { level: 'ERROR' as const, statusMessage: cut(failure, maxLength) }),
    metadata: {
      tool_use_id: event.toolUseId,
      request_id: event.requestId ?? decided?.requestId,
      subagent_id: event.subagentId,
      decision: decided === undefined ? undefined : decided.accepted ? 'accept' : 'reject',
      decided_by: decided?.source,
      error_type: event.errorType,
      input_bytes: event.inputBytes,
      result_bytes: event.resultBytes,
      implausible: event.implausible,
    },
  }
}

function outputOf({ output }: ToolResultEvent, maxLength: number): JsonValue | undefined {
  return output === undefined ? undefined : bounded(output, maxLength)
}

/**
 * A tool that has no result: refused, or cut off. The key of an accepted one is kept free for
 * a result that comes late after all.
 */
export function unfinishedObservation(tool: OpenTool, maxLength: number): ObservationDraft {
  const isNamed = tool.toolUseId !== undefined && tool.isRepeat !== true
  const key = toolKey(isNamed ? tool.toolUseId : tool.key)
  return {
    type: 'tool',
    key: tool.accepted ? `${key}|unfinished` : key,
    parentKey: parentOf(tool.lane),
    name: tool.tool,
    startMs: tool.atMs,
    endMs: tool.atMs,
    ...(tool.parameters !== undefined && { input: cut(tool.parameters, maxLength) }),
    level: 'WARNING',
    statusMessage: tool.accepted ? 'no result was received' : `refused by ${tool.source}`,
    metadata: {
      tool_use_id: tool.toolUseId,
      request_id: tool.requestId,
      subagent_id: tool.lane === '' ? undefined : tool.lane,
      decision: tool.accepted ? 'accept' : 'reject',
      decided_by: tool.source,
    },
  }
}

/**
 * The tool with what its spans know: the whole time, the waiting in it, what it returned. A span
 * that stands for its end alone knows less of the time than the tool's result.
 */
export function enrichedTool(
  draft: ObservationDraft,
  span: ToolSpan,
  wait: Interval | undefined,
  execution: Interval | undefined,
  maxLength: number,
): ObservationDraft {
  const failed = draft.level === 'ERROR'
  return {
    ...draft,
    ...(span.endMs > span.startMs && { startMs: span.startMs, endMs: span.endMs }),
    ...(span.output !== undefined && !failed && { output: cut(span.output, maxLength) }),
    metadata: {
      ...draft.metadata,
      blocked_on_user_ms: wait && Math.round(wait.endMs - wait.startMs),
      execution_ms: execution && Math.round(execution.endMs - execution.startMs),
    },
  }
}

/** A SPAN below the tool for the time the user took, when it is worth seeing. */
export function waitObservation(
  draft: ObservationDraft,
  wait: Interval,
): ObservationDraft | undefined {
  if (wait.endMs - wait.startMs < SHOWN_WAIT_MS) return undefined
  return {
    type: 'span',
    key: `${draft.key}|wait`,
    parentKey: draft.key,
    name: 'waiting for permission',
    startMs: wait.startMs,
    endMs: wait.endMs,
    level: 'DEFAULT',
    metadata: {},
  }
}

/** By the id of the tool, unless another tool of the session has it as well. */
function resultKey(event: ToolResultEvent, decided: OpenTool | undefined): string {
  const isRepeat = event.isRepeat === true || decided?.isRepeat === true
  return toolKey(isRepeat ? event.dedupKey : (event.toolUseId ?? event.dedupKey))
}

/** Natural key of a tool's observation within its trace. */
export function toolKey(id: string): string {
  return `tool|${id}`
}
