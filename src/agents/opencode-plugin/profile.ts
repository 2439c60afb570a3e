/**
 * opencode through the plugin `opencode-plugin-otel` (scope `com.opencode`), recorded with 0.8.0: the
 * event names of Claude Code. Its logs are the source; its spans know the content of calls and tools,
 * which is joined by the time at which both began, since logs carry no ids.
 */
import type { AgentEvent, EventBase } from '../../domain/agent-event.ts'
import type { Attributes } from '../../domain/json-value.ts'
import type { Quantity } from '../../domain/numbers.ts'
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { counted, logEventName, noSpans, withoutPlace } from '../log-event.ts'
import { originIdentity } from '../origin-identity.ts'
import type { AgentProfile, EventRow, SpanSource } from '../profile.ts'
import { countOf, flagOf, numberOf, present, textOf } from '../read-attribute.ts'

const SCOPE = 'com.opencode'
const CONTENT_NOTE = 'the plugin reports no content in its logs, and its spans have not come'

/** Log and span of a call, or of a tool, begin at one time. */
const idOf = (kind: string, startMs: number): string => `${kind}-${Math.round(startMs)}`

function apiRequest(base: EventBase, a: Attributes): AgentEvent {
  const durationMs = numberOf(a, 'duration_ms')
  const costUsd = numberOf(a, 'cost_usd')
  const reasoning = numberOf(a, 'reasoning_tokens')
  return {
    ...base,
    // The record's time is that of the call's start.
    timeMs: base.timeMs + (durationMs ?? 0),
    kind: 'model_call',
    model: textOf(a, 'model') ?? 'unknown',
    isMain: true,
    parameters: {},
    requestId: idOf('llm', base.timeMs),
    usage: {
      input: countOf(a, 'input_tokens'),
      output: countOf(a, 'output_tokens') + (reasoning ?? 0),
      cacheRead: countOf(a, 'cache_read_tokens'),
      cacheCreation: countOf(a, 'cache_creation_tokens'),
      ...present({ reasoning }),
    },
    ...present({
      provider: textOf(a, 'provider'),
      durationMs,
      cost: costUsd === undefined ? undefined : ({ usd: costUsd, source: 'agent' } as const),
    }),
  }
}

function toolResult(base: EventBase, a: Attributes): AgentEvent {
  const durationMs = numberOf(a, 'duration_ms')
  const tool = textOf(a, 'tool_name') ?? 'unknown'
  return {
    ...base,
    timeMs: base.timeMs + (durationMs ?? 0),
    kind: 'tool_result',
    tool,
    toolUseId: idOf(tool, base.timeMs),
    success: flagOf(a, 'success'),
    inputNote: CONTENT_NOTE,
    outputNote: CONTENT_NOTE,
    ...present({
      durationMs,
      error: textOf(a, 'error'),
      resultBytes: numberOf(a, 'tool_result_size_bytes'),
    }),
  }
}

const events: Readonly<Record<string, EventRow>> = {
  user_prompt: {
    shownAs: 'trace `conversation`: length of its input',
    identifiedBy: [],
    read: (base, a) => ({
      ...base,
      kind: 'prompt',
      prompt: {
        note: 'the plugin reports the length of a prompt',
        ...present({ text: textOf(a, 'prompt'), length: numberOf(a, 'prompt_length') }),
      },
    }),
  },
  api_request: {
    shownAs: 'GENERATION `chat <model>` with usage and cost',
    identifiedBy: [],
    read: apiRequest,
  },
  api_error: {
    shownAs: 'GENERATION at level ERROR',
    identifiedBy: [],
    read: (base, a) => ({
      ...base,
      kind: 'model_error',
      model: textOf(a, 'model') ?? 'unknown',
      message: textOf(a, 'error') ?? 'unknown error',
      isMain: true,
      ...present({
        durationMs: numberOf(a, 'duration_ms'),
        statusCode: numberOf(a, 'status_code'),
      }),
    }),
  },
  tool_result: {
    shownAs: 'TOOL `<tool name>`, at level ERROR when it failed',
    identifiedBy: [],
    read: toolResult,
  },
  'session.created': counted('counted in the summary'),
  'session.idle': counted('counted in the summary (its sums are repeats)'),
  'session.error': counted('counted in the summary'),
}

/** `input.value` of a call is the prompt in quotes. */
function readSpan(base: EventBase, span: SpanRecord): AgentEvent {
  const common = withoutPlace(base)
  const { attributes, startMs, endMs, spanId, traceId } = span
  const kind = textOf(attributes, 'openinference.span.kind')
  if (kind === 'LLM') {
    const text = textOf(attributes, 'output.value')
    if (text === undefined) return { ...common, kind: 'other' }
    return {
      ...common,
      kind: 'model_response',
      requestId: idOf('llm', startMs),
      response: { text },
      isMain: true,
    }
  }
  const tool = textOf(attributes, 'tool.name')
  if (kind !== 'TOOL' || tool === undefined) return { ...common, kind: 'other' }
  return {
    ...common,
    kind: 'span',
    role: 'tool',
    ...{ startMs, endMs, spanId, traceId },
    toolUseId: idOf(tool, startMs),
    ...present({ output: textOf(attributes, 'output.value') }),
  }
}

const spanSource: SpanSource = {
  recognises: ({ origin }) => origin.scopeName === SCOPE,
  agent: () => 'opencode',
  placing: ({ attributes }) => ({
    role: 'other',
    sessionId: textOf(attributes, 'session.id'),
    sessionIsOwn: true,
    subagentsHaveIds: false,
    isSubagent: false,
    isSideCall: false,
  }),
  sessionId: ({ attributes }) => textOf(attributes, 'session.id'),
  read: readSpan,
}

const quantities: Readonly<Record<string, Quantity>> = {
  cost_usd: 'usd',
  input_tokens: 'tokens',
  output_tokens: 'tokens',
  reasoning_tokens: 'tokens',
  cache_read_tokens: 'tokens',
  cache_creation_tokens: 'tokens',
  duration_ms: 'durationMs',
  prompt_length: 'size',
  tool_result_size_bytes: 'size',
  status_code: 'count',
}

export const opencodePlugin: AgentProfile = {
  agent: 'opencode',
  title: 'opencode (plugin)',
  recognises: ({ scopeName }) => scopeName === SCOPE,
  eventName: (record) => logEventName(record, 'opencode.'),
  sessionId: (attributes) => textOf(attributes, 'session.id'),
  substituteSessionId: () => undefined,
  identity: originIdentity,
  sequence: () => undefined,
  promptId: () => undefined,
  subagentId: () => undefined,
  quantities,
  events,
  metrics: {},
  spans: noSpans,
  spanSource,
}
