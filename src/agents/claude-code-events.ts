/**
 * Claude Code's events: attribute names as in the recordings. An event that has no row is
 * kept as `other` and counted.
 */
import type { Content, EventBase } from '../domain/agent-event.ts'
import type { Attributes } from '../domain/attributes.ts'
import type { EventRow } from './profile.ts'
import { countOf, flagOf, numberOf, present, textOf } from './read-attribute.ts'

/** What Claude Code writes where the user has not switched a content on. */
const REDACTED = '<REDACTED>'

function contentOf(
  attributes: Attributes,
  key: string,
  lengthKey: string,
  switchName: string,
): Content {
  const text = textOf(attributes, key)
  const length = numberOf(attributes, lengthKey)
  const size = length === undefined ? {} : { length }
  if (text === undefined || text === REDACTED) {
    return { note: `not recorded: set ${switchName}=1`, ...size }
  }
  return { text, ...size }
}

/** Calls on the agent's own behalf (titles, summaries, checks) name another source. */
function isMain(base: EventBase, attributes: Attributes): boolean {
  if (base.subagentId !== undefined) return false
  const source = textOf(attributes, 'query_source')
  return source === undefined || source === 'sdk' || source.startsWith('repl_main_thread')
}

function parametersOf(attributes: Attributes): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const key of ['speed', 'effort']) {
    const value = textOf(attributes, key)
    if (value !== undefined) parameters[key] = value
  }
  return parameters
}

export const claudeCodeEvents: Readonly<Record<string, EventRow>> = {
  user_prompt: {
    shownAs: 'trace `conversation`: input of its root',
    identifiedBy: ['message.uuid'],
    read: (base, a) => ({
      ...base,
      kind: 'prompt',
      prompt: contentOf(a, 'prompt', 'prompt_length', 'OTEL_LOG_USER_PROMPTS'),
      ...present({ command: textOf(a, 'command_name') }),
    }),
  },
  api_request: {
    shownAs: 'GENERATION `chat <model>` with usage and cost',
    identifiedBy: ['request_id'],
    read: (base, a) => ({
      ...base,
      kind: 'model_call',
      model: textOf(a, 'model') ?? 'unknown',
      usage: {
        input: countOf(a, 'input_tokens'),
        output: countOf(a, 'output_tokens'),
        cacheRead: countOf(a, 'cache_read_tokens'),
        cacheCreation: countOf(a, 'cache_creation_tokens'),
      },
      costUsd: countOf(a, 'cost_usd'),
      durationMs: countOf(a, 'duration_ms'),
      isMain: isMain(base, a),
      parameters: parametersOf(a),
      ...present({
        ttftMs: numberOf(a, 'ttft_ms'),
        requestId: textOf(a, 'request_id'),
        querySource: textOf(a, 'query_source'),
      }),
    }),
  },
  assistant_response: {
    shownAs: 'output of its GENERATION and of the root',
    identifiedBy: ['message.uuid', 'request_id'],
    read: (base, a) => ({
      ...base,
      kind: 'model_response',
      response: contentOf(a, 'response', 'response_length', 'OTEL_LOG_ASSISTANT_RESPONSES'),
      isMain: isMain(base, a),
      ...present({ requestId: textOf(a, 'request_id'), model: textOf(a, 'model') }),
    }),
  },
  api_error: {
    shownAs: 'GENERATION at level ERROR',
    identifiedBy: ['request_id'],
    read: (base, a) => ({
      ...base,
      kind: 'model_error',
      model: textOf(a, 'model') ?? 'unknown',
      message: textOf(a, 'error') ?? 'unknown error',
      durationMs: countOf(a, 'duration_ms'),
      isMain: isMain(base, a),
      ...present({
        statusCode: numberOf(a, 'status_code'),
        attempt: numberOf(a, 'attempt'),
        requestId: textOf(a, 'request_id'),
        querySource: textOf(a, 'query_source'),
      }),
    }),
  },
  tool_decision: {
    shownAs: 'decision on its TOOL; a refusal is a TOOL at level WARNING',
    identifiedBy: ['tool_use_id'],
    read: (base, a) => ({
      ...base,
      kind: 'tool_decision',
      tool: textOf(a, 'tool_name') ?? 'unknown',
      accepted: textOf(a, 'decision') !== 'reject',
      source: textOf(a, 'source') ?? 'unknown',
      ...present({
        toolUseId: textOf(a, 'tool_use_id'),
        requestId: textOf(a, 'request_id'),
        parameters: textOf(a, 'tool_parameters'),
      }),
    }),
  },
  tool_result: {
    shownAs: 'TOOL `<tool name>`, at level ERROR when it failed',
    identifiedBy: ['tool_use_id'],
    read: (base, a) => ({
      ...base,
      kind: 'tool_result',
      tool: textOf(a, 'tool_name') ?? 'unknown',
      success: flagOf(a, 'success'),
      durationMs: countOf(a, 'duration_ms'),
      ...present({
        toolUseId: textOf(a, 'tool_use_id'),
        requestId: textOf(a, 'request_id'),
        parameters: textOf(a, 'tool_parameters'),
        input: textOf(a, 'tool_input'),
        errorType: textOf(a, 'error_type'),
        error: textOf(a, 'error'),
        inputBytes: numberOf(a, 'tool_input_size_bytes'),
        resultBytes: numberOf(a, 'tool_result_size_bytes'),
      }),
    }),
  },
}
