/**
 * Records as a hostile client sends them: every kind, every name and text as long as it likes, made
 * of characters that take much room, and nothing ever finished. Each generator makes the next
 * record of its kind, as the processors hand it on.
 */
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import type { SpanEventRecord } from '../../../src/domain/telemetry-record.ts'
import { T0 } from './events.ts'
import { processHook, processLogs, processMetrics, processSpans } from '../processors/processed.ts'

/** Characters that take one byte to six as JSON. */
export const FILLINGS = ['x', '"', '漢', '\u0001'] as const

export type HostileKind = keyof ReturnType<typeof createHostileRecords>

const LONG_NAME = 300
const LONG_TEXT = 110_000

export function createHostileRecords(filling: string) {
  let n = 0
  const text = (length: number): string => {
    n += 1
    return `${n}-${filling.repeat(length)}`
  }
  const name = () => text(LONG_NAME)
  const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)
  const nextMs = () => {
    n += 1
    return T0 + n
  }

  const originOf = (resource: Attributes) => {
    return { resource, scopeName: 'com.anthropic.claude_code', scopeVersion: '1' }
  }
  const log = (eventName: string, attributes: Attributes, resource: Attributes = {}): Arrival[] => {
    const timeMs = nextMs()
    const { accepted } = processLogs(
      [
        {
          origin: originOf(resource),
          timeMs,
          observedMs: undefined,
          eventName,
          body: null,
          attributes: { 'session.id': 's', 'event.sequence': n, ...attributes },
        },
      ],
      timeMs,
    )
    return [...accepted]
  }
  const turnLog = (eventName: string, attributes: Attributes): Arrival[] =>
    log(eventName, { 'prompt.id': 'p', ...attributes })
  const span = (
    spanName: string,
    attributes: Attributes,
    moments: SpanEventRecord[] = [],
  ): Arrival[] => {
    const timeMs = nextMs()
    const hex = (digits: number, more: number) => (n + more).toString(16).padStart(digits, '0')
    const { accepted } = processSpans(
      [
        {
          origin: originOf({}),
          traceId: hex(32, 0),
          spanId: hex(16, 0),
          parentSpanId: hex(16, 1),
          name: spanName,
          startMs: timeMs,
          endMs: timeMs,
          attributes: { 'session.id': 's', ...attributes },
          moments,
          statusCode: 0,
          statusMessage: '',
        },
      ],
      timeMs,
    )
    return [...accepted]
  }
  const metric = (metricName: string, attributes: Attributes): Arrival[] => {
    const timeMs = nextMs()
    const { accepted } = processMetrics(
      [
        {
          origin: originOf({}),
          name: metricName,
          unit: '',
          temporality: 'cumulative',
          startNanos: `${n}`,
          timeNanos: `${n}`,
          timeMs,
          value: 1,
          attributes: { 'session.id': 's', ...attributes },
        },
      ],
      timeMs,
    )
    return [...accepted]
  }
  const hook = (hookName: string, body: Attributes): Arrival[] => {
    const whole = { session_id: 's', hook_event_name: hookName, nonce: n, ...body }
    const arrival = processHook('claude-code', whole, nextMs(), {})
    return arrival.ok ? [arrival.value] : []
  }
  const moment = (momentName: string, attributes: Attributes): SpanEventRecord => {
    return { name: momentName, timeMs: T0, attributes }
  }

  return {
    prompts: () =>
      log('user_prompt', { 'prompt.id': name(), prompt: text(LONG_TEXT), command_name: name() }),
    calls: () =>
      turnLog('api_request', {
        model: name(),
        request_id: name(),
        query_source: name(),
        agent_id: name(),
        'agent.name': name(),
        speed: name(),
        duration_ms: 1.02 ** (n % 1500),
        ttft_ms: 1.02 ** (n % 1500),
      }),
    callsOfTurns: () =>
      log('api_request', {
        'prompt.id': name(),
        model: name(),
        request_id: name(),
        agent_id: name(),
      }),
    answers: () => turnLog('assistant_response', { request_id: name(), response: text(2000) }),
    longAnswers: () =>
      turnLog('assistant_response', { request_id: name(), response: text(LONG_TEXT) }),
    subagentAnswers: () =>
      turnLog('assistant_response', {
        agent_id: name(),
        request_id: name(),
        response: text(LONG_TEXT),
      }),
    subagentEnds: () =>
      turnLog('subagent_completed', { agent_id: name(), agent_type: name(), final_model: name() }),
    titles: () =>
      turnLog('assistant_response', {
        query_source: 'generate_session_title',
        request_id: name(),
        response: text(LONG_TEXT),
      }),
    errors: () =>
      turnLog('api_error', { model: name(), error: text(LONG_TEXT), request_id: name() }),
    decisions: () =>
      turnLog('tool_decision', {
        tool_name: name(),
        tool_use_id: name(),
        source: name(),
        request_id: name(),
        agent_id: name(),
        tool_parameters: text(n % 2 === 0 ? LONG_TEXT : 10),
      }),
    results: () =>
      turnLog('tool_result', {
        tool_name: name(),
        tool_use_id: name(),
        success: false,
        error: text(LONG_TEXT),
        error_type: name(),
        tool_input: text(n % 2 === 0 ? LONG_TEXT : 10),
        duration_ms: 1.02 ** (n % 1500),
      }),
    notes: () => turnLog('hook_execution_complete', { hook_name: name(), agent_id: name() }),
    earlyNotes: () =>
      log('internal_error', {
        error: text(LONG_TEXT),
        ...Object.fromEntries(many(70, () => [name(), name()])),
      }),
    names: () => log(name(), {}),
    resources: () => log('x', {}, Object.fromEntries(many(70, () => [name(), text(1100)]))),
    identities: () =>
      log(
        'x',
        { 'user.email': name(), 'organization.id': name(), 'terminal.type': name() },
        { 'service.version': name(), 'deployment.environment': name(), team: text(5000) },
      ),
    requestBodies: () =>
      turnLog('api_request_body', { request_body_id: name(), body: text(LONG_TEXT) }),
    responseBodies: () =>
      turnLog('api_response_body', {
        request_body_id: name(),
        request_id: name(),
        body: JSON.stringify({ content: [{ type: 'text', text: text(LONG_TEXT / 2) }] }),
      }),
    callSpans: () =>
      span(
        'claude_code.llm_request',
        { request_id: name(), stop_reason: name() },
        many(60, () => moment('gen_ai.request.attempt', {})),
      ),
    toolSpans: () =>
      span('claude_code.tool', { tool_use_id: name(), agent_id: name() }, [
        moment('tool.output', { output: text(LONG_TEXT) }),
      ]),
    waitSpans: () => span('claude_code.tool.blocked_on_user', { tool_use_id: name() }),
    executionSpans: () => span('claude_code.tool.execution', { tool_use_id: name() }),
    turnSpans: () => span('claude_code.interaction', {}),
    promptHooks: () => hook('UserPromptSubmit', { prompt_id: name(), prompt: text(LONG_TEXT) }),
    toolHooks: () =>
      hook(n % 2 === 0 ? 'PostToolUse' : 'PreToolUse', {
        prompt_id: 'p',
        tool_name: name(),
        tool_use_id: name(),
        agent_id: name(),
        tool_input: { command: text(LONG_TEXT / 2) },
        tool_response: { agentId: name(), text: text(LONG_TEXT / 2) },
      }),
    stopHooks: () =>
      hook('Stop', {
        prompt_id: 'p',
        last_assistant_message: text(LONG_TEXT),
        background_tasks: many(120, () => ({ id: name(), status: 'running' })),
      }),
    subagentHooks: () =>
      hook('SubagentStop', {
        prompt_id: 'p',
        agent_id: name(),
        agent_type: name(),
        last_assistant_message: text(LONG_TEXT),
      }),
    endHooks: () => hook('SessionEnd', { reason: name() }),
    namedHooks: () => hook(name(), {}),
    series: () => metric('claude_code.lines_of_code.count', { type: name() }),
    starts: () => metric('claude_code.session.count', { start_type: name() }),
  }
}
