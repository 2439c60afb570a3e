/**
 * What entries of transcripts mean. Sources under `receivers/transcripts` put what an agent wrote into
 * the words below, so all agents share this. Pure.
 *
 * | entry | attributes |
 * |---|---|
 * | all | `prompt_id`, `subagent_id` |
 * | `prompt` | `prompt`, `prompt_length`, `command`, `is_synthetic` |
 * | `model_call` | `model`, `provider`, `request_id`, `response`, `effort`, `asks_for_tools`, `subagent_type`, `duration_ms`, `amends`, `input_tokens` and the other kinds |
 * | `tool_use`, `tool_refusal` | `tool_name`, `tool_use_id`, `input`, `source` |
 * | `tool_result` | `tool_name`, `tool_use_id`, `input`, `output`, `success` |
 * | `subagent_start` | `tool_name`, `tool_use_id`, `started_subagent_id` |
 * | `subagent_end` | `subagent_type`, `answer`, `duration_ms`, `total_tokens`, `total_tool_uses` |
 * | `turn_end` | `answer`, `error` |
 * | `compaction` | `trigger`, `pre_tokens` |
 * | `title` | `title` |
 * | `cost_state` | `total_cost_usd`: what the agent says of the session so far; kept for reconciling |
 */
import { believed, countOf, numberOf, present, textOf } from '../agents/read-attribute.ts'
import type {
  Content,
  EventBase,
  TokenUsage,
  TranscribedEvent,
  TranscriptEvent,
} from '../domain/agent-event.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import type { Attributes } from '../domain/json-value.ts'
import type { Quantity } from '../domain/numbers.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { Origin, TranscriptRecord } from '../domain/telemetry-record.ts'
import type { TranscriptIdentity } from './record-processor.ts'

const SCOPE_PREFIX = 'transcripts/'

/** The scope of what is read from an agent's transcripts. */
export function transcriptScope(agent: string): string {
  return `${SCOPE_PREFIX}${agent}`
}

/** The agent whose transcripts have this origin. */
export function agentOfTranscripts({ scopeName }: Origin): string {
  return scopeName.startsWith(SCOPE_PREFIX) ? scopeName.slice(SCOPE_PREFIX.length) : scopeName
}

/** What the numbers of entries measure. */
export const transcriptQuantities: Readonly<Record<string, Quantity>> = {
  input_tokens: 'tokens',
  output_tokens: 'tokens',
  cache_read_tokens: 'tokens',
  cache_creation_tokens: 'tokens',
  cache_creation_5m_tokens: 'tokens',
  cache_creation_1h_tokens: 'tokens',
  reasoning_tokens: 'tokens',
  web_search_requests: 'searches',
  duration_ms: 'durationMs',
  prompt_length: 'size',
  total_tokens: 'tokens',
  total_tool_uses: 'count',
}

const NOT_KEPT = 'not kept: it was imported with --content drop'

export function transcriptArrival(
  record: TranscriptRecord,
  identity: TranscriptIdentity,
  arrivedMs: number,
): Arrival {
  const { origin, rank, ...stored } = record
  const item = eventOf(record, identity)
  return {
    sessionKey: sessionKeyOf(item.agent, item.sessionId),
    item,
    origin,
    stored: { signal: 'transcript', record: stored },
    arrivedMs,
    ...(rank !== undefined && { rank }),
  }
}

function eventOf(record: TranscriptRecord, identity: TranscriptIdentity): TranscriptEvent {
  const { origin, name, claim, isExported, copyOf, joinKey, masked } = record
  const { attributes, implausible } = identity
  const promptId = textOf(attributes, 'prompt_id')
  const subagentId = textOf(attributes, 'subagent_id')
  const base: EventBase = {
    agent: agentOfTranscripts(origin),
    sessionId: identity.sessionId,
    dedupKey: keyOfShown(record, attributes),
    name,
    timeMs: identity.timeMs,
    identity: identityOf(origin),
    ...(promptId !== undefined && { promptId }),
    ...(subagentId !== undefined && { subagentId }),
  }
  return {
    ...base,
    kind: 'transcript',
    dedupKey: identity.dedupKey,
    event: read(base, name, attributes),
    ...present({
      claim,
      copyOf,
      joinKey,
      implausible,
      masked,
      title: name === 'title' ? textOf(attributes, 'title') : undefined,
    }),
    ...(isExported === true && { isExported }),
    ...(attributes.amends === true && { amends: true }),
  }
}

/** What telemetry of the same thing is shown under, so that it has the same id wherever it goes. */
function keyOfShown({ name, key }: TranscriptRecord, attributes: Attributes): string {
  const [shown] = name === 'model_call' || name === 'tool_result' ? keysOfTelemetry(attributes) : []
  return shown ?? key
}

/** The duplicate keys that telemetry of the same call or tool may have, the first of them of what is shown. */
export function keysOfTelemetry(attributes: Attributes): readonly string[] {
  const toolUseId = textOf(attributes, 'tool_use_id')
  if (toolUseId !== undefined) return [`tool_result|${toolUseId}`, `tool_decision|${toolUseId}`]
  const requestId = textOf(attributes, 'request_id')
  return requestId === undefined ? [] : [`api_request|${requestId}`]
}

/** Origins are shared by the entries of a file. */
const identities = new WeakMap<Origin, EventBase['identity']>()

function identityOf(origin: Origin): EventBase['identity'] {
  const known = identities.get(origin)
  if (known !== undefined) return known
  const labels: Record<string, string> = {}
  for (const name of ['folder', 'branch']) {
    const value = textOf(origin.resource, name)
    if (value !== undefined) labels[name] = value
  }
  const agentVersion = textOf(origin.resource, 'service.version')
  const identity = {
    ...(agentVersion !== undefined && { agentVersion }),
    ...(Object.keys(labels).length > 0 && { labels }),
  }
  identities.set(origin, identity)
  return identity
}

type Read = (base: EventBase, attributes: Attributes, name: string) => TranscribedEvent

function readPrompt(base: EventBase, a: Attributes): TranscribedEvent {
  const text = textOf(a, 'prompt')
  const length = numberOf(a, 'prompt_length')
  return {
    ...base,
    kind: 'prompt',
    prompt: {
      ...(text === undefined ? { note: NOT_KEPT } : { text }),
      ...(length !== undefined && { length }),
    },
    isSynthetic: a.is_synthetic === true,
    ...present({ command: textOf(a, 'command') }),
  }
}

function readCall(base: EventBase, a: Attributes): TranscribedEvent {
  const text = textOf(a, 'response')
  const effort = textOf(a, 'effort')
  return {
    ...base,
    kind: 'model_call',
    model: textOf(a, 'model') ?? 'unknown',
    isMain: base.subagentId === undefined,
    parameters: effort === undefined ? {} : { effort },
    asksForTools: a.asks_for_tools === true,
    ...present({
      usage: usageOf(a),
      webSearches: numberOf(a, 'web_search_requests'),
      provider: textOf(a, 'provider'),
      requestId: textOf(a, 'request_id'),
      durationMs: numberOf(a, 'duration_ms'),
      subagentType: textOf(a, 'subagent_type'),
      output: text,
      answer: contentOf(text),
    }),
  }
}

function readDecision(base: EventBase, a: Attributes, name: string): TranscribedEvent {
  return {
    ...base,
    kind: 'tool_decision',
    tool: toolOf(a),
    accepted: name === 'tool_use',
    source: textOf(a, 'source') ?? 'unknown',
    ...present({ toolUseId: textOf(a, 'tool_use_id'), parameters: textOf(a, 'input') }),
  }
}

function readResult(base: EventBase, a: Attributes): TranscribedEvent {
  const success = a.success !== false
  const output = textOf(a, 'output')
  return {
    ...base,
    kind: 'tool_result',
    tool: toolOf(a),
    success,
    inputNote: NOT_KEPT,
    outputNote: NOT_KEPT,
    ...present({
      toolUseId: textOf(a, 'tool_use_id'),
      input: textOf(a, 'input'),
      output,
      error: success ? undefined : output,
    }),
  }
}

function readSubagentStart(base: EventBase, a: Attributes): TranscribedEvent {
  return {
    ...base,
    kind: 'tool_report',
    tool: toolOf(a),
    toolUseId: textOf(a, 'tool_use_id') ?? '',
    state: 'done',
    ...present({ startedSubagentId: textOf(a, 'started_subagent_id') }),
  }
}

function readSubagentEnd(base: EventBase, a: Attributes): TranscribedEvent {
  return {
    ...base,
    kind: 'subagent_end',
    subagentType: textOf(a, 'subagent_type') ?? 'unknown',
    isBackground: false,
    ...present({
      durationMs: numberOf(a, 'duration_ms'),
      totalTokens: numberOf(a, 'total_tokens'),
      toolUses: numberOf(a, 'total_tool_uses'),
      answer: contentOf(textOf(a, 'answer')),
    }),
  }
}

function readTurnEnd(base: EventBase, a: Attributes): TranscribedEvent {
  return {
    ...base,
    kind: 'turn',
    startMs: base.timeMs,
    isOver: true,
    ...present({ error: textOf(a, 'error'), answer: contentOf(textOf(a, 'answer')) }),
  }
}

function readCompaction(base: EventBase, a: Attributes): TranscribedEvent {
  const details = present({ trigger: textOf(a, 'trigger'), pre_tokens: numberOf(a, 'pre_tokens') })
  return { ...base, kind: 'note', title: 'compaction', level: 'DEFAULT', details }
}

const readers: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['prompt', readPrompt],
  ['model_call', readCall],
  ['tool_use', readDecision],
  ['tool_refusal', readDecision],
  ['tool_result', readResult],
  ['subagent_start', readSubagentStart],
  ['subagent_end', readSubagentEnd],
  ['turn_end', readTurnEnd],
  ['compaction', readCompaction],
])

function read(base: EventBase, name: string, attributes: Attributes): TranscribedEvent {
  return readers.get(name)?.(base, attributes, name) ?? { ...base, kind: 'other' }
}

function toolOf(a: Attributes): string {
  return textOf(a, 'tool_name') ?? 'unknown'
}

function contentOf(text: string | undefined): Content | undefined {
  return text === undefined ? undefined : { text }
}

function usageOf(a: Attributes): TokenUsage | undefined {
  if (numberOf(a, 'input_tokens') === undefined && numberOf(a, 'output_tokens') === undefined) {
    return undefined
  }
  return {
    input: countOf(a, 'input_tokens'),
    output: countOf(a, 'output_tokens'),
    cacheRead: countOf(a, 'cache_read_tokens'),
    cacheCreation: countOf(a, 'cache_creation_tokens'),
    ...present({
      cacheCreation5m: numberOf(a, 'cache_creation_5m_tokens'),
      cacheCreation1h: numberOf(a, 'cache_creation_1h_tokens'),
      reasoning: numberOf(a, 'reasoning_tokens'),
    }),
  }
}

/** The attributes that can be true. */
export function believedEntry(attributes: Attributes): ReturnType<typeof believed> {
  return believed(attributes, transcriptQuantities)
}
