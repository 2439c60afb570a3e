/** One record in words, for the live feed. */
import type { AgentEvent, Content, TokenUsage } from '../domain/agent-event.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { LiveEvent } from '../api/contract/live.ts'
import { toolSummary } from '../domain/tool-summary.ts'
import { cutName, cutText } from './answer-bounds.ts'

const MAX_TEXT = 500

type Place = Pick<
  LiveEvent,
  'position' | 'sessionKey' | 'sessionTitle' | 'user' | 'project' | 'receivedMs'
>
type Words = Pick<LiveEvent, 'kind'> &
  Partial<
    Pick<LiveEvent, 'subject' | 'summary' | 'text' | 'level' | 'costUsd' | 'durationMs' | 'tokens'>
  >

/** Undefined for what only repeats, or completes, what other records tell. */
export function liveEventOf({ item }: Arrival, place: Place): LiveEvent | undefined {
  if (item.kind === 'metric') return undefined
  const words = wordsOf(item)
  if (words === undefined) return undefined
  const { subject = null, ...more } = words
  return {
    ...place,
    promptId: item.promptId === undefined ? null : cutName(item.promptId),
    timeMs: item.timeMs,
    name: cutName(item.name),
    subject: subject === null ? null : cutName(subject),
    summary: null,
    text: null,
    level: 'default',
    costUsd: null,
    durationMs: null,
    tokens: null,
    ...more,
  }
}

function wordsOf(event: AgentEvent): Words | undefined {
  switch (event.kind) {
    case 'prompt':
      return { kind: 'prompt', subject: event.command ?? null, text: textOf(event.prompt) }
    case 'model_call':
      return {
        kind: 'call',
        subject: event.model,
        costUsd: orNull(event.cost?.usd),
        durationMs: orNull(event.durationMs),
        tokens: event.usage === undefined ? null : allTokens(event.usage),
      }
    case 'turn':
      return {
        kind: 'prompt',
        subject: null,
        text: event.prompt === undefined ? null : textOf(event.prompt),
      }
    case 'model_usage':
      return {
        kind: 'call',
        subject: event.model,
        costUsd: orNull(event.cost?.usd),
        tokens: allTokens(event.usage),
      }
    case 'model_response':
      return { kind: 'answer', subject: event.model ?? null, text: textOf(event.response) }
    case 'model_error':
      return {
        kind: 'error',
        subject: event.model,
        text: cut(event.message),
        level: 'error',
        durationMs: orNull(event.durationMs),
      }
    case 'tool_decision':
      return {
        kind: 'decision',
        subject: event.tool,
        summary: summaryOf(event.tool, event.parameters),
        text: cut(`${event.accepted ? 'accepted' : 'refused'} by ${event.source}`),
        level: event.accepted ? 'default' : 'warning',
      }
    case 'tool_result':
      return {
        kind: 'tool',
        subject: event.tool,
        summary: summaryOf(event.tool, event.input, event.parameters),
        text: event.success ? null : cut(event.error ?? event.errorType ?? 'the tool failed'),
        level: event.success ? 'default' : 'error',
        durationMs: orNull(event.durationMs),
      }
    case 'subagent_end':
      return { kind: 'note', subject: event.subagentType, durationMs: orNull(event.durationMs) }
    case 'note':
      return {
        kind: 'note',
        subject: event.title,
        text: event.statusMessage === undefined ? null : cut(event.statusMessage),
        level: levels[event.level],
        durationMs: orNull(event.durationMs),
      }
    case 'turn_start_report':
    case 'turn_stop_report':
    case 'session_end_report':
      return { kind: 'hook' }
    case 'tool_report':
      return { kind: 'hook', subject: event.tool, text: event.state }
    case 'subagent_report':
      return { kind: 'hook', subject: event.subagentType, text: event.state }
    case 'other':
      return { kind: event.isHook === true ? 'hook' : 'note' }
    case 'request_body':
    case 'response_body':
    case 'span':
    case 'fallback':
    case 'transcript':
      return undefined
  }
}

const levels = { DEFAULT: 'default', WARNING: 'warning', ERROR: 'error' } as const

function summaryOf(tool: string, ...inputs: readonly (string | undefined)[]): string | null {
  const input = inputs.find((each) => each !== undefined)
  return toolSummary(tool, input) ?? null
}

function orNull(figure: number | undefined): number | null {
  return figure ?? null
}

function allTokens({ input, output, cacheRead, cacheCreation }: TokenUsage): number {
  return input + output + cacheRead + cacheCreation
}

function textOf({ text }: Content): string | null {
  return text === undefined ? null : cut(text)
}

function cut(text: string): string {
  return cutText(text, MAX_TEXT)
}
