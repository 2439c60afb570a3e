/**
 * Events of Gemini CLI. Input includes cached tokens and those of tool results; thoughts are not in the
 * output. `gen_ai.client.inference.operation.details` repeats a response.
 */
import type { AgentEvent, EventBase } from '../../domain/agent-event.ts'
import { type Attributes, type JsonValue, parseBoundedJson } from '../../domain/json-value.ts'
import type { Quantity } from '../../domain/numbers.ts'
import { answerText, asksForTools, isFields } from '../genai/messages.ts'
import { counted, mcpServer, recordedText } from '../log-event.ts'
import type { EventRow } from '../profile.ts'
import { countOf, flagOf, numberOf, present, textOf } from '../read-attribute.ts'

const PROMPT_NOTE = { note: 'not recorded: set telemetry.logPrompts in ~/.gemini/settings.json' }

/** Calls on the agent's own behalf (a router, a summary, a next-speaker check) name their role. */
function isMain(a: Attributes): boolean {
  const role = textOf(a, 'role')
  return role === undefined || role === 'main'
}

function prompt(base: EventBase, a: Attributes): AgentEvent {
  return {
    ...base,
    kind: 'prompt',
    prompt: recordedText(a, 'prompt', 'prompt_length', PROMPT_NOTE),
  }
}

function response(base: EventBase, a: Attributes): AgentEvent {
  const cacheRead = countOf(a, 'cached_content_token_count')
  const input = countOf(a, 'input_token_count')
  const thoughts = numberOf(a, 'thoughts_token_count')
  const answer = answerOf(textOf(a, 'response_text'))
  return {
    ...base,
    kind: 'model_call',
    model: textOf(a, 'model') ?? 'unknown',
    provider: 'google',
    isMain: isMain(a),
    parameters: {},
    usage: {
      input: input >= cacheRead ? input - cacheRead : input,
      output: countOf(a, 'output_token_count') + (thoughts ?? 0),
      cacheRead,
      cacheCreation: 0,
      ...present({ reasoning: thoughts }),
    },
    ...present({
      durationMs: numberOf(a, 'duration_ms'),
      querySource: isMain(a) ? undefined : textOf(a, 'role'),
      output: answer && [{ role: 'assistant', content: answer.content }],
      answer: answer?.text === undefined ? undefined : { text: answer.text },
      asksForTools: answer && asksForTools([{ role: 'assistant', content: answer.content }]),
    }),
  }
}

interface Answer {
  readonly content: JsonValue
  readonly text: string | undefined
}

/** The API's own answers as a list, in chunks where it streamed; other versions send bare text. */
function answerOf(text: string | undefined): Answer | undefined {
  if (text === undefined) return undefined
  if (text[0] !== '[' && text[0] !== '{') return { content: text, text }
  const json = parseBoundedJson(text)
  if (!json.ok) return { content: text, text: undefined }
  const chunks = (Array.isArray(json.value) ? json.value : [json.value]) as readonly JsonValue[]
  const parts = chunks.flatMap((chunk) => {
    const candidates = isFields(chunk) ? chunk.candidates : undefined
    const [first] = Array.isArray(candidates) ? (candidates as readonly JsonValue[]) : []
    const content = isFields(first) ? first.content : undefined
    return isFields(content) && Array.isArray(content.parts) ? (content.parts as JsonValue[]) : []
  })
  if (parts.length === 0) return { content: text, text: undefined }
  return { content: parts, text: answerText([{ role: 'assistant', parts }]) }
}

function error(base: EventBase, a: Attributes): AgentEvent {
  return {
    ...base,
    kind: 'model_error',
    model: textOf(a, 'model') ?? 'unknown',
    message:
      textOf(a, 'error') ??
      textOf(a, 'error.message') ??
      textOf(a, 'error_type') ??
      'unknown error',
    isMain: isMain(a),
    ...present({
      statusCode: numberOf(a, 'status_code'),
      durationMs: numberOf(a, 'duration_ms'),
    }),
  }
}

function toolCall(base: EventBase, a: Attributes): AgentEvent {
  const tool = textOf(a, 'function_name') ?? 'unknown'
  const input = textOf(a, 'function_args')
  if (textOf(a, 'decision') === 'reject') {
    return {
      ...base,
      kind: 'tool_decision',
      tool,
      accepted: false,
      source: 'user_reject',
      ...present({ parameters: input, toolUseId: textOf(a, 'call_id') }),
    }
  }
  return {
    ...base,
    kind: 'tool_result',
    tool,
    success: flagOf(a, 'success'),
    outputNote: 'Gemini CLI does not report what a tool returned',
    ...present({
      toolUseId: textOf(a, 'call_id'),
      durationMs: numberOf(a, 'duration_ms'),
      input,
      parameters: mcpServer(textOf(a, 'mcp_server_name')),
      error: textOf(a, 'error') ?? textOf(a, 'error.message'),
      errorType: textOf(a, 'error_type') ?? textOf(a, 'error.type'),
      resultBytes: numberOf(a, 'content_length'),
    }),
  }
}

export const geminiEvents: Readonly<Record<string, EventRow>> = {
  user_prompt: {
    shownAs: 'trace `conversation`: input of its root',
    identifiedBy: [],
    read: prompt,
  },
  api_response: {
    shownAs: 'GENERATION `chat <model>` with usage and answer',
    identifiedBy: [],
    read: response,
  },
  api_error: { shownAs: 'GENERATION at level ERROR', identifiedBy: [], read: error },
  tool_call: {
    shownAs: 'TOOL `<function>`, at level ERROR when it failed, WARNING when it was refused',
    identifiedBy: ['call_id'],
    read: toolCall,
  },
  chat_compression: {
    shownAs: 'EVENT `compaction`',
    identifiedBy: [],
    read: (base, a) => ({
      ...base,
      kind: 'note',
      title: 'compaction',
      level: 'DEFAULT',
      details: {
        tokens_before: numberOf(a, 'tokens_before'),
        tokens_after: numberOf(a, 'tokens_after'),
      },
    }),
  },
  'agent.finish': {
    shownAs: 'EVENT `subagent <name> ended`',
    identifiedBy: [],
    read: (base, a) => ({
      ...base,
      kind: 'note',
      title: `subagent ${textOf(a, 'agent_name') ?? 'unknown'} ended`,
      level: 'DEFAULT',
      details: present({
        agent_id: textOf(a, 'agent_id'),
        duration_ms: numberOf(a, 'duration_ms'),
        turns: numberOf(a, 'turn_count'),
        reason: textOf(a, 'terminate_reason'),
      }),
    }),
  },
  'gen_ai.client.inference.operation.details': counted('counted in the summary (a repeat)'),
}

export const geminiQuantities: Readonly<Record<string, Quantity>> = {
  input_token_count: 'tokens',
  output_token_count: 'tokens',
  cached_content_token_count: 'tokens',
  thoughts_token_count: 'tokens',
  tokens_before: 'tokens',
  tokens_after: 'tokens',
  duration_ms: 'durationMs',
  prompt_length: 'size',
  content_length: 'size',
  status_code: 'count',
}
