/**
 * Claude Code's events: attribute names as in the recordings. An event that has no row is
 * kept as `other` and counted.
 */
import type { Content, Cost, EventBase, TokenUsage } from '../../domain/agent-event.ts'
import type { Attribution } from '../../domain/call-dimensions.ts'
import type { Attributes } from '../../domain/json-value.ts'
import { claudeCodeBodies } from './bodies.ts'
import { claudeCodeNotes } from './notes.ts'
import type { EventRow } from '../profile.ts'
import { countOf, flagOf, numberOf, present, textOf, textsOf } from '../read-attribute.ts'

/** How the prompt begins that a background agent's end makes (facts: nobody typed it). */
const TASK_NOTIFICATION = '<task-notification>'

/** The side call whose answer names the session. */
const TITLE_SOURCE = 'generate_session_title'

const OUTPUT_NOTE = 'not recorded: set OTEL_LOG_TOOL_CONTENT=1 and switch traces on, or use hooks'

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
  const contextWindow = CONTEXT_WINDOW.exec(textOf(attributes, 'model') ?? '')?.[1]
  if (contextWindow !== undefined) parameters.context_window = contextWindow
  return parameters
}

/** Attributes that say what a call, or what a metric point counts, was made for. */
export const ATTRIBUTION = {
  skill: 'skill.name',
  mcpServer: 'mcp_server.name',
  plugin: 'plugin.name',
  effort: 'effort',
  workflow: 'workflow.name',
  mcpTool: 'mcp_tool.name',
} as const satisfies Readonly<Record<keyof Attribution, string>>

function attributionOf(attributes: Attributes): { readonly attribution?: Attribution } {
  const told = textsOf(attributes, ATTRIBUTION)
  return told === undefined ? {} : { attribution: told }
}

/** `claude-opus-5[1m]`: the suffix is how the model is used, not which one it is. */
const CONTEXT_WINDOW = /\[(\w+)\]$/

function modelOf(attributes: Attributes): string {
  return (textOf(attributes, 'model') ?? 'unknown').replace(CONTEXT_WINDOW, '')
}

const TOKEN_COUNTS = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_creation_tokens',
] as const

function usageOf(attributes: Attributes): TokenUsage {
  return {
    input: countOf(attributes, 'input_tokens'),
    output: countOf(attributes, 'output_tokens'),
    cacheRead: countOf(attributes, 'cache_read_tokens'),
    cacheCreation: countOf(attributes, 'cache_creation_tokens'),
    ...present({
      cacheCreation5m: numberOf(attributes, 'cache_creation_5m_tokens'),
      cacheCreation1h: numberOf(attributes, 'cache_creation_1h_tokens'),
    }),
  }
}

function costOf(attributes: Attributes): Cost | undefined {
  const usd = numberOf(attributes, 'cost_usd')
  return usd === undefined ? undefined : { usd, source: 'agent' }
}

export const claudeCodeEvents: Readonly<Record<string, EventRow>> = {
  user_prompt: {
    shownAs: 'trace `conversation`: input of its root',
    identifiedBy: ['message.uuid'],
    read: (base, a) => ({
      ...base,
      kind: 'prompt',
      prompt: contentOf(a, 'prompt', 'prompt_length', 'OTEL_LOG_USER_PROMPTS'),
      isSynthetic: (textOf(a, 'prompt') ?? '').startsWith(TASK_NOTIFICATION),
      ...present({ command: textOf(a, 'command_name') }),
    }),
  },
  api_request: {
    shownAs: 'GENERATION `chat <model>` with usage and cost',
    identifiedBy: ['request_id'],
    sameInCopies: TOKEN_COUNTS,
    read: (base, a) => ({
      ...base,
      kind: 'model_call',
      model: modelOf(a),
      usage: usageOf(a),
      isMain: isMain(base, a),
      parameters: parametersOf(a),
      ...attributionOf(a),
      ...present({
        cost: costOf(a),
        durationMs: numberOf(a, 'duration_ms'),
        ttftMs: numberOf(a, 'ttft_ms'),
        requestId: textOf(a, 'request_id'),
        querySource: textOf(a, 'query_source'),
        subagentType: textOf(a, 'agent.name'),
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
      isTitle: textOf(a, 'query_source') === TITLE_SOURCE,
      ...present({ requestId: textOf(a, 'request_id'), model: textOf(a, 'model') }),
    }),
  },
  api_error: {
    shownAs: 'GENERATION at level ERROR',
    identifiedBy: ['request_id'],
    read: (base, a) => ({
      ...base,
      kind: 'model_error',
      model: modelOf(a),
      message: textOf(a, 'error') ?? 'unknown error',
      isMain: isMain(base, a),
      ...attributionOf(a),
      ...present({
        durationMs: numberOf(a, 'duration_ms'),
        statusCode: numberOf(a, 'status_code'),
        attempt: numberOf(a, 'attempt'),
        requestId: textOf(a, 'request_id'),
        querySource: textOf(a, 'query_source'),
        subagentType: textOf(a, 'agent.name'),
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
      inputNote: 'not recorded: set OTEL_LOG_TOOL_DETAILS=1',
      outputNote: OUTPUT_NOTE,
      ...present({
        durationMs: numberOf(a, 'duration_ms'),
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
  ...claudeCodeBodies,
  ...claudeCodeNotes,
}
