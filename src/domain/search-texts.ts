/**
 * What a session can be found by: what was asked in it, the tools, models and files it used, what went
 * wrong, and what it is called. Made of records after masking, so it holds nothing that is not stored.
 * Answers and what tools returned are not searched. Pure.
 */
import type { AgentEvent, FallbackEvent, TranscribedEvent } from './agent-event.ts'
import type { MetricSample } from './metric-sample.ts'
import type { SessionRow } from './session-store.ts'
import { toolLine } from './tool-summary.ts'

type Text = string | undefined

export function searchTextsOf(item: AgentEvent | MetricSample): readonly string[] {
  if (item.kind === 'metric') return []
  return textsOf(item).filter((text) => text !== undefined && text !== '') as string[]
}

/** Another session wrote first what this one had: part of its texts are no longer its own. */
export function givesTextsUp(item: AgentEvent | MetricSample): boolean {
  return item.kind === 'transcript' && item.givesUp !== undefined
}

function textsOf(item: AgentEvent): readonly Text[] {
  switch (item.kind) {
    case 'transcript':
      return item.givesUp === undefined ? [item.title, ...eventTexts(item.event)] : []
    case 'fallback':
      return eventTexts(item.event)
    default:
      return eventTexts(item)
  }
}

function eventTexts(event: FallbackEvent['event'] | TranscribedEvent): readonly Text[] {
  switch (event.kind) {
    case 'prompt':
      return [event.prompt.text, event.command]
    case 'turn_start_report':
      return [event.prompt]
    case 'model_call':
      return [event.model, event.prompt?.text]
    case 'model_error':
      return [event.model, event.message, event.statusCode?.toString()]
    case 'tool_decision':
      return [event.tool, toolLine(event.tool, event.parameters)]
    case 'tool_result':
      return [
        event.tool,
        toolLine(event.tool, event.input ?? event.parameters),
        event.errorType,
        event.error,
      ]
    case 'tool_report':
      return [event.tool, toolLine(event.tool, event.input)]
    case 'turn':
      return [event.prompt?.text, event.error]
    case 'subagent_end':
      return [event.subagentType]
    case 'note':
      return [event.statusMessage]
    default:
      return []
  }
}

/** What names a session. */
export interface SearchedRow
  extends Pick<
    SessionRow<unknown>,
    'agent' | 'sessionId' | 'title' | 'userId' | 'project' | 'team' | 'labels'
  > {}

/** By names and values of resource attributes and labels, too: `branch=main`. */
export function rowTextsOf(row: SearchedRow): readonly string[] {
  const { sessionId, title, userId, project, team, agent, labels } = row
  const named = [sessionId, title, userId, project, team, agent]
  return [
    ...named.filter((text) => text !== undefined),
    ...Object.entries(labels).map(([key, value]) => `${key} ${value}`),
  ]
}
