/**
 * Agents and frameworks whose spans follow the GenAI conventions of OpenTelemetry, or a dialect of
 * them. Their spans are the source of turns, calls, tools and subagents; their logs and metrics say the
 * same again, and are kept and counted by name.
 */
import type {
  AgentEvent,
  Content,
  EventBase,
  ModelCallEvent,
  ModelErrorEvent,
  ToolResultEvent,
  UsageSum,
} from '../../domain/agent-event.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Attributes, JsonValue } from '../../domain/json-value.ts'
import type { Quantity } from '../../domain/numbers.ts'
import type { Origin, SpanRecord } from '../../domain/telemetry-record.ts'
import { withoutPlace } from '../log-event.ts'
import { originIdentity } from '../origin-identity.ts'
import type { AgentProfile, SpanPlacing, SpanSource } from '../profile.ts'
import { present, textOf, textsOf } from '../read-attribute.ts'
import type { Dialect } from './dialect.ts'
import { aiSdk } from './ai-sdk.ts'
import { copilot } from './copilot.ts'
import { dash0 } from './dash0.ts'
import { droid } from './droid.ts'
import { genaiEvents } from './events.ts'
import { goose } from './goose.ts'
import { logfire } from './logfire.ts'
import { answerText, asksForTools, messagesOf, newestPrompt } from './messages.ts'
import { openclaw } from './openclaw.ts'
import { openinference } from './openinference.ts'
import { qwen } from './qwen.ts'
import { conversationOf, semconv } from './semconv.ts'
import { traceloop } from './traceloop.ts'

/** A new dialect is a file and a line here. The first that says so reads a span. */
export const dialects: readonly Dialect[] = [
  copilot,
  qwen,
  goose,
  droid,
  dash0,
  openclaw,
  openinference,
  traceloop,
  logfire,
  aiSdk,
  semconv,
]

/** Which dialect a span is written in; a span is asked several times on its way. */
const dialectOfSpan = new WeakMap<Attributes, Dialect | null>()

function dialectOf(span: SpanRecord): Dialect | undefined {
  const known = dialectOfSpan.get(span.attributes)
  if (known !== undefined) return known ?? undefined
  const found = dialects.find((dialect) => dialect.writes(span))
  dialectOfSpan.set(span.attributes, found ?? null)
  return found
}

/** Spans of one dialect as a source. */
export function spanSourceOf(find: (span: SpanRecord) => Dialect | undefined): SpanSource {
  const of = (span: SpanRecord): Dialect => find(span) ?? semconv
  return {
    recognises: (span) => find(span) !== undefined,
    agent: (span) => of(span).agent(span),
    placing: (span) => placingOf(of(span), span),
    sessionId: (span) => of(span).sessionId(span.attributes) ?? span.traceId,
    read: (base, span) => {
      const dialect = of(span)
      const event = readSpan(dialect, base, span)
      return dialect.isSecondHand ? secondHand(base, event) : event
    },
  }
}

function placingOf(dialect: Dialect, span: SpanRecord): SpanPlacing {
  const role = dialect.role(span)
  const { attributes } = span
  return {
    role: role === 'agent' || role === 'other' ? role : 'work',
    sessionId: dialect.sessionId(attributes),
    sessionIsOwn: dialect.sessionIsOwn,
    subagentsHaveIds: dialect.subagentsHaveIds,
    turnId: dialect.turnId(span),
    isSubagent: dialect.isSubagent(attributes),
    isSideCall: role === 'call' && dialect.sideCall(span) !== undefined,
  }
}

/** Counts where the agent itself tells nothing of the session, a tool where it does not tell of that. */
function secondHand(base: EventBase, event: AgentEvent): AgentEvent {
  const { kind } = event
  if (kind === 'other' || kind === 'fallback' || kind === 'transcript') return event
  const toolUseId = event.kind === 'tool_result' ? event.toolUseId : undefined
  const unless = toolUseId === undefined ? ({ anyUsage: true } as const) : { toolUseId }
  return { ...base, kind: 'fallback', event, unless }
}

function readSpan(dialect: Dialect, base: EventBase, span: SpanRecord): AgentEvent {
  switch (dialect.role(span)) {
    case 'call':
      return callOf(dialect, base, span)
    case 'sum': {
      const event = callOf(dialect, base, span)
      return { ...base, kind: 'fallback', event, unless: { anyUsage: true } }
    }
    case 'tool': {
      const tool = toolOf(dialect, base, span)
      return dialect.isPoorTool(span) ? untilTold(base, tool) : tool
    }
    case 'agent':
      return agentOf(dialect, base, span)
    case 'other':
      return otherOf(base)
  }
}

/** What stands around the work belongs to no turn: alone it is no sign that anything was done. */
function otherOf(base: EventBase): AgentEvent {
  return { ...withoutPlace(base), kind: 'other' }
}

const UNKNOWN_MODEL = 'unknown'

function callOf(
  dialect: Dialect,
  base: EventBase,
  span: SpanRecord,
): ModelCallEvent | ModelErrorEvent {
  const { attributes } = span
  const side = dialect.sideCall(span)
  const usage = dialect.usage(attributes)
  const failure = dialect.failure(span)
  const common = {
    model: dialect.model(attributes) ?? UNKNOWN_MODEL,
    isMain: side === undefined && base.subagentId === undefined,
    durationMs: span.endMs - span.startMs,
    ...present({
      requestId: dialect.responseId(attributes),
      querySource: side,
      // The main agent has a name as well.
      subagentType: base.subagentId === undefined ? undefined : dialect.agentName(attributes),
      attribution: textsOf(attributes, ATTRIBUTION),
    }),
  }
  if (failure !== undefined && usage === undefined) {
    return {
      ...base,
      kind: 'model_error',
      message: failure.message,
      ...common,
      ...present({ statusCode: failure.statusCode }),
    }
  }
  const { input, output } = dialect.content(span)
  const prompt = newestPrompt(messagesOf(input, 'user'))
  const answer = answerText(messagesOf(output, 'assistant'))
  return {
    ...base,
    kind: 'model_call',
    ...common,
    parameters: parametersOf(attributes),
    ...present({
      provider: dialect.provider(attributes),
      usage,
      cost: costOf(dialect, attributes),
      ttftMs: dialect.ttftMs(span),
      input,
      output,
      prompt: prompt === undefined ? undefined : { text: dialect.prompt(prompt) },
      answer: answer === undefined ? undefined : { text: answer },
      asksForTools: isForTools(attributes, messagesOf(output, 'assistant')) ? true : undefined,
    }),
  }
}

const FINISH_REASONS: readonly string[] = [
  'gen_ai.response.finish_reasons',
  'ai.response.finishReason',
  'finish_reason',
  'llm.finish_reason',
  'gen_ai.completion.0.finish_reason',
]

/** By why the model stopped, which is told without content as well, or by what it answered. */
function isForTools(attributes: Attributes, output: readonly JsonValue[] | undefined): boolean {
  const reasons = FINISH_REASONS.map((key) => attributes[key]).filter((of) => of !== undefined)
  return /tool[_-](?:calls?|use)/.test(JSON.stringify(reasons)) || asksForTools(output)
}

function costOf(dialect: Dialect, attributes: Attributes) {
  const usd = dialect.costUsd(attributes)
  return usd === undefined ? undefined : ({ usd, source: 'agent' } as const)
}

const ATTRIBUTION = {
  effort: 'gen_ai.request.reasoning.level',
  workflow: 'gen_ai.workflow.name',
} as const

const PARAMETERS: Readonly<Record<string, string>> = {
  'gen_ai.request.temperature': 'temperature',
  'gen_ai.request.top_p': 'top_p',
  'gen_ai.request.top_k': 'top_k',
  'gen_ai.request.max_tokens': 'max_tokens',
  'gen_ai.request.reasoning.level': 'reasoning_level',
}

function parametersOf(attributes: Attributes): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const [key, name] of Object.entries(PARAMETERS)) {
    const value = textOf(attributes, key)
    // -1 stands for no bound, as emitters of 2024 write it.
    if (value !== undefined && value !== '-1') parameters[name] = value
  }
  return parameters
}

function untilTold(base: EventBase, event: ToolResultEvent): AgentEvent {
  return { ...base, kind: 'fallback', event, unless: present({ toolUseId: event.toolUseId }) }
}

function toolOf(dialect: Dialect, base: EventBase, span: SpanRecord): ToolResultEvent {
  const { name, callId, input, output } = dialect.tool(span)
  const failure = dialect.failure(span)
  const note = dialect.contentNote
  return {
    ...base,
    kind: 'tool_result',
    tool: name,
    success: failure === undefined,
    durationMs: span.endMs - span.startMs,
    inputNote: note,
    outputNote: note,
    ...present({
      toolUseId: callId,
      input,
      output,
      errorType: failure?.type,
      error: failure?.message,
      parameters: mcpParameters(span.attributes),
    }),
  }
}

/** As Claude Code names the server of an MCP tool. */
function mcpParameters(attributes: Attributes): string | undefined {
  const server =
    textOf(attributes, 'mcp.server.name') ?? textOf(attributes, 'dash0.gen_ai.tool.mcp_server')
  return server === undefined ? undefined : JSON.stringify({ mcp_server_name: server })
}

/** The outermost agent is a turn, one within it a subagent. */
function agentOf(dialect: Dialect, base: EventBase, span: SpanRecord): AgentEvent {
  const { attributes } = span
  const { input, output } = dialect.content(span)
  const answer = answerText(messagesOf(output, 'assistant'))
  const failure = dialect.failure(span)
  const told: Content | undefined = answer === undefined ? undefined : { text: answer }
  const sum = sumOf(dialect, attributes)
  if (base.subagentId !== undefined) {
    return {
      ...base,
      kind: 'subagent_end',
      subagentType: dialect.agentName(attributes) ?? 'unknown',
      isBackground: false,
      durationMs: span.endMs - span.startMs,
      ...present({ model: dialect.model(attributes), answer: told, sum }),
    }
  }
  const prompt = newestPrompt(messagesOf(input, 'user'))
  return {
    ...base,
    kind: 'turn',
    startMs: span.startMs,
    prompt: prompt === undefined ? { note: dialect.contentNote } : { text: dialect.prompt(prompt) },
    isOver: true,
    ...present({ answer: told, error: failure?.message, sum }),
  }
}

function sumOf(dialect: Dialect, attributes: Attributes): UsageSum | undefined {
  const usage = dialect.usage(attributes)
  if (usage === undefined) return undefined
  return {
    model: dialect.model(attributes) ?? textOf(attributes, 'model_name') ?? UNKNOWN_MODEL,
    usage,
    ...present({
      provider: dialect.provider(attributes),
      cost: costOf(dialect, attributes),
    }),
  }
}

/** Agents by the scope or service of their logs and metrics. */
const SENDERS: readonly (readonly [RegExp, string])[] = [
  [/^(?:github[.-]copilot|copilot(?:-chat|-cli|-jetbrains)?|vs-copilot)(?:$|[./])/, 'copilot'],
  [/^qwen-code$/, 'qwen-code'],
  [/^opencode$/, 'opencode'],
  [/^goose$/, 'goose'],
  [/^openclaw(?:-gateway)?$/, 'openclaw'],
  [/^(?:factory[.-])?droid$/, 'droid'],
]

function senderOf({ scopeName, resource }: Origin): string | undefined {
  const service = textOf(resource, 'service.name') ?? ''
  return SENDERS.find(([pattern]) => pattern.test(scopeName) || pattern.test(service))?.[1]
}

const GEN_AI_EVENT = /^gen_ai\./

const TOKENS: readonly string[] = [
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
  'gen_ai.usage.prompt_tokens',
  'gen_ai.usage.completion_tokens',
  'gen_ai.usage.cache_read.input_tokens',
  'gen_ai.usage.cache_read_input_tokens',
  'gen_ai.usage.cache_write.input_tokens',
  'gen_ai.usage.cache_creation.input_tokens',
  'gen_ai.usage.cache_creation_input_tokens',
  'gen_ai.usage.reasoning.output_tokens',
  'gen_ai.usage.reasoning_tokens',
  'gen_ai.usage.input_tokens.cached',
  'gen_ai.usage.input_tokens.cache_write',
  'gen_ai.usage.output_tokens.reasoning',
  'gen_ai.usage.cached_tokens',
  'gen_ai.usage.cache_write_input_tokens',
  'gen_ai.usage.thinking_tokens',
  'gen_ai.usage.details.cache_read_tokens',
  'gen_ai.usage.details.cache_read_input_tokens',
  'gen_ai.usage.details.cached_tokens',
  'gen_ai.usage.details.cache_write_tokens',
  'gen_ai.usage.details.cache_creation_input_tokens',
  'gen_ai.usage.details.reasoning_tokens',
  'thoughts_token_count',
  'ai.usage.inputTokens',
  'ai.usage.outputTokens',
  'ai.usage.promptTokens',
  'ai.usage.completionTokens',
  'ai.usage.cachedInputTokens',
  'ai.usage.reasoningTokens',
  'ai.usage.inputTokenDetails.cacheReadTokens',
  'ai.usage.inputTokenDetails.cacheWriteTokens',
  'ai.usage.outputTokenDetails.reasoningTokens',
  'llm.token_count.prompt',
  'llm.token_count.completion',
  'llm.token_count.prompt_details.cache_read',
  'llm.token_count.prompt_details.cache_write',
  'llm.token_count.completion_details.reasoning',
  'openclaw.tokens.input',
  'openclaw.tokens.output',
  'openclaw.tokens.cache_read',
  'openclaw.tokens.cache_write',
  'llm.usage.prompt_tokens',
  'llm.usage.completion_tokens',
]

export const genaiQuantities: Readonly<Record<string, Quantity>> = {
  ...Object.fromEntries(TOKENS.map((key) => [key, 'tokens' as const])),
  'gen_ai.usage.cost': 'usd',
  'operation.cost': 'usd',
  'openclaw.cost.usd': 'usd',
  'dash0.gen_ai.usage.cost': 'usd',
  'llm.cost.total': 'usd',
  ttft_ms: 'durationMs',
  'openclaw.model_call.time_to_first_byte_ms': 'durationMs',
  'ai.response.msToFirstChunk': 'durationMs',
  'http.response.status_code': 'count',
}

function identity(origin: Origin, attributes: Attributes): Identity {
  const repository =
    textOf(attributes, 'github.copilot.git.repository') ??
    textOf(attributes, 'dash0.gen_ai.vcs.repository.name')
  return originIdentity(origin, attributes, repository === undefined ? undefined : { repository })
}

export const genai: AgentProfile = {
  agent: 'genai',
  title: 'GenAI conventions',
  agentOf: (origin) => senderOf(origin) ?? 'genai',
  recognises: (origin) => senderOf(origin) !== undefined,
  signs: {
    origin: () => false,
    log: (record) => GEN_AI_EVENT.test(textOf(record.attributes, 'event.name') ?? record.eventName),
    metric: () => false,
    span: (span) => dialectOf(span) !== undefined,
  },
  eventName: (record) =>
    textOf(record.attributes, 'event.name') ??
    (record.eventName === '' ? undefined : record.eventName),
  sessionId: (attributes) => conversationOf(attributes),
  substituteSessionId: (_, __, traceId) => traceId,
  identity,
  sequence: () => undefined,
  promptId: () => undefined,
  subagentId: () => undefined,
  quantities: genaiQuantities,
  events: genaiEvents,
  metrics: {},
  spans: { roleOf: () => 'other', facts: () => ({}) },
  spanSource: spanSourceOf(dialectOf),
}
