/**
 * Events of Codex CLI. `response.completed` comes twice, once with counts; a broken stream sends one
 * with an error. Input includes cached tokens, output includes reasoning, `tool_token_count` is the
 * total. Tools that a script calls (code mode) have ids `exec-…`; the model asked for the script alone,
 * so those are shown below it and not counted.
 */
import type { AgentEvent, EventBase } from '../../domain/agent-event.ts'
import type { Attributes } from '../../domain/json-value.ts'
import type { Quantity } from '../../domain/numbers.ts'
import { mcpServer, recordedText } from '../log-event.ts'
import type { EventRow } from '../profile.ts'
import { countOf, flagOf, numberOf, present, textOf } from '../read-attribute.ts'

const NESTED = /^exec-[0-9a-f]{8}-/
const EXIT_CODE = /Process exited with code (-?\d+)/
/** How the prompt begins by which a hidden thread asks for a title: nobody typed it. */
const TITLE_PROMPT = 'Generate a concise, single-line task title'
const LEAST_ERROR = 400

const PROMPT_NOTE = {
  note: 'not recorded: set log_user_prompt = true in [otel] of ~/.codex/config.toml',
  redacted: '[REDACTED]',
}

function prompt(base: EventBase, a: Attributes): AgentEvent {
  const content = recordedText(a, 'prompt', 'prompt_length', PROMPT_NOTE)
  return {
    ...base,
    kind: 'prompt',
    prompt: content,
    isSynthetic: content.text?.startsWith(TITLE_PROMPT) === true,
  }
}

function sseEvent(base: EventBase, a: Attributes): AgentEvent {
  if (textOf(a, 'event.kind') !== 'response.completed') return { ...base, kind: 'other' }
  const model = textOf(a, 'model') ?? 'unknown'
  const error = textOf(a, 'error.message')
  if (error !== undefined) {
    return { ...base, kind: 'model_error', model, message: error, isMain: true }
  }
  const told = numberOf(a, 'input_token_count')
  if (told === undefined) return { ...base, kind: 'other' }
  const cacheRead = countOf(a, 'cached_token_count')
  const cacheCreation = countOf(a, 'cache_write_token_count')
  const effort = textOf(a, 'model_reasoning_effort')
  const ttftMs = numberOf(a, 'ttft_ms')
  return {
    ...base,
    kind: 'model_call',
    model,
    provider: 'openai',
    isMain: true,
    parameters: {},
    usage: {
      input: Math.max(0, told - cacheRead - cacheCreation),
      output: countOf(a, 'output_token_count'),
      cacheRead,
      cacheCreation,
      ...present({ reasoning: numberOf(a, 'reasoning_token_count') }),
    },
    ...present({
      // 0 on every call: Codex has not measured it.
      ttftMs: ttftMs === 0 ? undefined : ttftMs,
      attribution: effort === undefined ? undefined : { effort },
    }),
  }
}

/** Tries that the server refused; those that it answered are told by the stream. */
function apiRequest(base: EventBase, a: Attributes): AgentEvent {
  const statusCode = numberOf(a, 'http.response.status_code')
  const error = textOf(a, 'error.message')
  const hasFailed = error !== undefined || (statusCode !== undefined && statusCode >= LEAST_ERROR)
  if (!hasFailed) return { ...base, kind: 'other' }
  const attempt = numberOf(a, 'attempt')
  return {
    ...base,
    kind: 'model_error',
    model: textOf(a, 'model') ?? 'unknown',
    message: error ?? `http ${statusCode}`,
    isMain: true,
    ...present({
      statusCode,
      durationMs: numberOf(a, 'duration_ms'),
      attempt: attempt === undefined ? undefined : attempt + 1,
    }),
  }
}

function decision(base: EventBase, a: Attributes): AgentEvent {
  const toolUseId = textOf(a, 'call_id')
  if (toolUseId !== undefined && NESTED.test(toolUseId)) return { ...base, kind: 'other' }
  return {
    ...base,
    kind: 'tool_decision',
    tool: textOf(a, 'tool_name') ?? 'unknown',
    accepted: !/^(?:denied|rejected|abort)/i.test(textOf(a, 'decision') ?? ''),
    source: (textOf(a, 'source') ?? 'unknown').toLowerCase(),
    ...present({ toolUseId }),
  }
}

function result(base: EventBase, a: Attributes): AgentEvent {
  const tool = textOf(a, 'tool_name') ?? 'unknown'
  const toolUseId = textOf(a, 'call_id')
  const success = flagOf(a, 'success')
  const output = textOf(a, 'output')
  const durationMs = numberOf(a, 'duration_ms')
  const input = textOf(a, 'arguments')
  // A command that failed is a tool that worked.
  const exitCode = EXIT_CODE.exec(output ?? '')?.[1]
  if (toolUseId !== undefined && NESTED.test(toolUseId)) {
    return {
      ...base,
      kind: 'note',
      title: `${tool} (in a script)`,
      level: success ? 'DEFAULT' : 'WARNING',
      durationMs: durationMs ?? 0,
      details: { tool_use_id: toolUseId, input, output, exit_code: exitCode },
    }
  }
  return {
    ...base,
    kind: 'tool_result',
    tool,
    success,
    ...present({
      toolUseId,
      durationMs,
      input,
      output,
      parameters: mcpServer(textOf(a, 'mcp_server')),
      error: success ? undefined : output,
      errorType: exitCode === undefined || exitCode === '0' ? undefined : `exit code ${exitCode}`,
    }),
  }
}

export const codexEvents: Readonly<Record<string, EventRow>> = {
  user_prompt: {
    shownAs: 'trace `conversation`: input of its root',
    identifiedBy: [],
    read: prompt,
  },
  sse_event: {
    shownAs: 'GENERATION `chat <model>` with usage, from `response.completed` with counts',
    identifiedBy: [],
    read: sseEvent,
  },
  api_request: {
    shownAs: 'GENERATION at level ERROR for a try that failed',
    identifiedBy: [],
    read: apiRequest,
  },
  tool_decision: { shownAs: 'decision on its TOOL', identifiedBy: ['call_id'], read: decision },
  tool_result: {
    shownAs: 'TOOL `<tool name>`, at level ERROR when it failed',
    identifiedBy: ['call_id'],
    read: result,
  },
}

export const codexQuantities: Readonly<Record<string, Quantity>> = {
  input_token_count: 'tokens',
  output_token_count: 'tokens',
  cached_token_count: 'tokens',
  cache_write_token_count: 'tokens',
  reasoning_token_count: 'tokens',
  'codex.turn.token_usage.input_tokens': 'tokens',
  'codex.turn.token_usage.cached_input_tokens': 'tokens',
  'codex.turn.token_usage.cache_write_input_tokens': 'tokens',
  'codex.turn.token_usage.output_tokens': 'tokens',
  'codex.turn.token_usage.reasoning_output_tokens': 'tokens',
  duration_ms: 'durationMs',
  ttft_ms: 'durationMs',
  prompt_length: 'size',
  attempt: 'count',
  'http.response.status_code': 'count',
}
