/**
 * Cline (`CLINE_OTEL_*`): log events whose body is their name, by its telemetry documentation and
 * source of 2026. A task (`ulid`) is a session and one turn; prompts and answers are never sent.
 * `tokensIn` excludes cached tokens. A call is told by `task.tokens` and again by
 * `task.conversation_turn` of the assistant, which some versions send without counts.
 */
import type { AgentEvent, EventBase, ModelCallEvent } from '../../domain/agent-event.ts'
import type { Attributes } from '../../domain/json-value.ts'
import type { Quantity } from '../../domain/numbers.ts'
import { logEventName, noSpans } from '../log-event.ts'
import { originIdentity } from '../origin-identity.ts'
import type { AgentProfile, EventRow } from '../profile.ts'
import { countOf, flagOf, numberOf, present, textOf } from '../read-attribute.ts'

const SERVICE = 'cline'
const CONTENT_NOTE = 'Cline reports no content'

/** Equal in both records of a call. */
function callId(a: Attributes): string {
  return `cline-${countOf(a, 'tokensIn')}-${countOf(a, 'tokensOut')}`
}

function call(base: EventBase, a: Attributes): ModelCallEvent {
  const usd = numberOf(a, 'totalCost')
  return {
    ...base,
    kind: 'model_call',
    model: textOf(a, 'model') ?? textOf(a, 'modelId') ?? 'unknown',
    isMain: true,
    parameters: {},
    usage: {
      input: countOf(a, 'tokensIn'),
      output: countOf(a, 'tokensOut'),
      cacheRead: countOf(a, 'cacheReadTokens'),
      cacheCreation: countOf(a, 'cacheWriteTokens'),
    },
    ...present({
      provider: textOf(a, 'provider'),
      cost: usd === undefined ? undefined : ({ usd, source: 'agent' } as const),
    }),
  }
}

function conversationTurn(base: EventBase, a: Attributes): AgentEvent {
  const isTold = textOf(a, 'source') === 'assistant' && numberOf(a, 'tokensIn') !== undefined
  return isTold ? { ...call(base, a), requestId: callId(a) } : { ...base, kind: 'other' }
}

function tokens(base: EventBase, a: Attributes): AgentEvent {
  return {
    ...base,
    kind: 'fallback',
    event: call(base, a),
    unless: { requestId: callId(a) },
  }
}

function toolUsed(base: EventBase, a: Attributes): AgentEvent {
  return {
    ...base,
    kind: 'tool_result',
    tool: textOf(a, 'tool') ?? 'unknown',
    success: flagOf(a, 'success'),
    inputNote: CONTENT_NOTE,
    outputNote: CONTENT_NOTE,
  }
}

const events: Readonly<Record<string, EventRow>> = {
  'task.created': {
    shownAs: 'trace `conversation`',
    identifiedBy: [],
    read: (base) => ({ ...base, kind: 'prompt', prompt: { note: CONTENT_NOTE } }),
  },
  'task.conversation_turn': {
    shownAs: 'GENERATION `chat <model>` with usage and cost, where it has counts',
    identifiedBy: [],
    read: conversationTurn,
  },
  'task.tokens': {
    shownAs: 'the same, where the conversation turn has none',
    identifiedBy: [],
    read: tokens,
  },
  'task.tool_used': {
    shownAs: 'TOOL `<tool>`, at level ERROR when it failed',
    identifiedBy: [],
    read: toolUsed,
  },
  'task.provider_api_error': {
    shownAs: 'GENERATION at level ERROR',
    identifiedBy: ['requestId'],
    read: (base, a) => ({
      ...base,
      kind: 'model_error',
      model: textOf(a, 'model') ?? 'unknown',
      message: textOf(a, 'errorMessage') ?? 'unknown error',
      isMain: true,
      ...present({
        statusCode: numberOf(a, 'errorStatus'),
        requestId: textOf(a, 'requestId'),
      }),
    }),
  },
  'task.summarize_task': {
    shownAs: 'EVENT `compaction`',
    identifiedBy: [],
    read: (base, a) => ({
      ...base,
      kind: 'note',
      title: 'compaction',
      level: 'DEFAULT',
      details: { tokens_before: numberOf(a, 'currentTokens') },
    }),
  },
  'task.completed': {
    shownAs: 'end of the trace `conversation`',
    identifiedBy: [],
    read: (base) => ({ ...base, kind: 'turn', startMs: base.timeMs, isOver: true }),
  },
}

const quantities: Readonly<Record<string, Quantity>> = {
  tokensIn: 'tokens',
  tokensOut: 'tokens',
  cacheReadTokens: 'tokens',
  cacheWriteTokens: 'tokens',
  currentTokens: 'tokens',
  totalCost: 'usd',
  errorStatus: 'count',
}

export const cline: AgentProfile = {
  agent: 'cline',
  title: 'Cline',
  recognises: ({ scopeName, resource }) =>
    scopeName === SERVICE || textOf(resource, 'service.name') === SERVICE,
  eventName: (record) => logEventName(record, 'cline.'),
  sessionId: (attributes) => textOf(attributes, 'ulid') ?? textOf(attributes, 'taskId'),
  substituteSessionId: () => undefined,
  identity: originIdentity,
  sequence: () => undefined,
  promptId: () => undefined,
  subagentId: () => undefined,
  quantities,
  events,
  metrics: {},
  spans: noSpans,
}
