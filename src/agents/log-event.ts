/** Pieces that agents who report in logs have in common. */
import type { Content, EventBase } from '../domain/agent-event.ts'
import type { Attributes } from '../domain/json-value.ts'
import type { LogRecord } from '../domain/telemetry-record.ts'
import { numberOf, present, textOf } from './read-attribute.ts'
import type { EventRow, SpanReader } from './profile.ts'

/** The event's name without the agent's prefix: from `event.name`, the field, or the body. */
export function logEventName(record: LogRecord, prefix: string): string | undefined {
  const named = textOf(record.attributes, 'event.name') ?? record.eventName
  const name = named === '' && typeof record.body === 'string' ? record.body : named
  if (name === '') return undefined
  return name.startsWith(prefix) ? name.slice(prefix.length) : name
}

/** Recorded text; a note says how to have it recorded. `redacted` is what the agent writes instead. */
export function recordedText(
  attributes: Attributes,
  key: string,
  lengthKey: string,
  { note, redacted }: { readonly note: string; readonly redacted?: string },
): Content {
  const text = textOf(attributes, key)
  const length = present({ length: numberOf(attributes, lengthKey) })
  return text === undefined || text === redacted ? { note, ...length } : { text, ...length }
}

/** What a span tells that is only said of its session. */
export function withoutPlace(base: EventBase): EventBase {
  const { promptId: _promptId, subagentId: _subagentId, place: _place, ...common } = base
  return common
}

/** An event that is kept, and counted by its name. */
export function counted(shownAs: string): EventRow {
  return { shownAs, identifiedBy: [], read: (base) => ({ ...base, kind: 'other' }) }
}

/** For agents whose spans tell nothing. */
export const noSpans: SpanReader = { roleOf: () => 'other', facts: () => ({}) }

/** The part of an MCP tool's facts that is shown, as Claude Code names it. */
export function mcpServer(server: string | undefined): string | undefined {
  return server === undefined ? undefined : JSON.stringify({ mcp_server_name: server })
}
