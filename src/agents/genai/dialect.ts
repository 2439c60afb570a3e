/**
 * What a GenAI span says, and how a dialect says it. The conventions of OpenTelemetry have three
 * generations of names, and most emitters add names of their own; `semconv.ts` reads all of the
 * former, and a dialect is that with what differs.
 */
import type { TokenUsage } from '../../domain/agent-event.ts'
import type { Attributes, JsonValue } from '../../domain/json-value.ts'
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { isPlausible } from '../../domain/numbers.ts'
import { numberOf, present, textOf } from '../read-attribute.ts'

/**
 * What a span covers. An `agent` is a turn or, within another agent, a subagent. A `sum` tells what
 * calls beside it used, and counts where none of the session tells any.
 */
export type WorkRole = 'call' | 'agent' | 'tool' | 'sum' | 'other'

/** What a model call was given and what it answered; whole messages. */
export interface CallContent {
  readonly input?: JsonValue | undefined
  readonly output?: JsonValue | undefined
}

export interface Dialect {
  readonly name: string
  /** Whether a span is written in it. The first dialect of the registry's list that says so reads it. */
  readonly writes: (span: SpanRecord) => boolean
  /** The agent, first part of the session's key. */
  readonly agent: (span: SpanRecord) => string
  readonly role: (span: SpanRecord) => WorkRole
  readonly sessionId: (attributes: Attributes) => string | undefined
  /** Every span names the session it belongs to, whatever session the spans around it belong to. */
  readonly sessionIsOwn: boolean
  /** Subagents carry session ids of their own, though they belong to the session around them. */
  readonly subagentsHaveIds: boolean
  /** The turn, where the span names it; else it is that of the outermost agent, or the trace. */
  readonly turnId: (span: SpanRecord) => string | undefined
  /** True where the span itself says that a subagent did it. */
  readonly isSubagent: (attributes: Attributes) => boolean
  /** What a call was for that nobody asked for (a title, a summary); undefined for all others. */
  readonly sideCall: (span: SpanRecord) => string | undefined
  readonly model: (attributes: Attributes) => string | undefined
  readonly provider: (attributes: Attributes) => string | undefined
  readonly responseId: (attributes: Attributes) => string | undefined
  /** Tokens in buckets that do not overlap; undefined where the span tells none. */
  readonly usage: (attributes: Attributes) => TokenUsage | undefined
  /** US dollars, where the emitter worked them out. */
  readonly costUsd: (attributes: Attributes) => number | undefined
  readonly ttftMs: (span: SpanRecord) => number | undefined
  readonly content: (span: SpanRecord) => CallContent
  readonly agentName: (attributes: Attributes) => string | undefined
  readonly tool: (span: SpanRecord) => ToolFacts
  /** It reports what an agent did that may report the same session itself, and better. */
  readonly isSecondHand: boolean
  /** Another span of the same tool tells more of it. */
  readonly isPoorTool: (span: SpanRecord) => boolean
  /** Why content may be missing, and how to change that. */
  readonly contentNote: string
  /** The user's words, without what the agent writes around them. */
  readonly prompt: (text: string) => string
  /** Why it failed; undefined when it did not. */
  readonly failure: (span: SpanRecord) => Failure | undefined
}

export interface ToolFacts {
  readonly name: string
  readonly callId?: string | undefined
  readonly input?: string | undefined
  readonly output?: JsonValue | undefined
}

export interface Failure {
  readonly message: string
  readonly type?: string | undefined
  readonly statusCode?: number | undefined
}

/** The first of these attributes that has a text. */
export function firstText(attributes: Attributes, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = textOf(attributes, key)
    if (text !== undefined) return text
  }
  return undefined
}

/** The first of these attributes that is a number, 0 included. */
export function firstNumber(
  attributes: Attributes,
  ...keys: readonly string[]
): number | undefined {
  for (const key of keys) {
    const number = numberOf(attributes, key)
    if (number !== undefined) return number
  }
  return undefined
}

/** Token counts as an emitter reports them. */
export interface ReportedTokens {
  readonly input?: number | undefined
  readonly output?: number | undefined
  readonly cacheRead?: number | undefined
  readonly cacheWrite?: number | undefined
  readonly cacheWrite5m?: number | undefined
  readonly cacheWrite1h?: number | undefined
  readonly reasoning?: number | undefined
}

/**
 * Makes the buckets disjoint. `includesCache` says whether `input` includes cached tokens. An input
 * below what came from the cache or went there cannot include it, whatever the convention says.
 */
export function disjointUsage(
  tokens: ReportedTokens,
  includesCache: boolean,
): TokenUsage | undefined {
  const input = believable(tokens.input)
  const output = believable(tokens.output)
  const cacheRead = believable(tokens.cacheRead) ?? 0
  const cacheWrite = believable(tokens.cacheWrite) ?? 0
  const reasoning = believable(tokens.reasoning)
  const cacheCreation5m = believable(tokens.cacheWrite5m)
  const cacheCreation1h = believable(tokens.cacheWrite1h)
  if (input === undefined && output === undefined) return undefined
  const cached = cacheRead + cacheWrite
  const told = input ?? 0
  return {
    input: includesCache && told >= cached ? told - cached : told,
    output: output ?? 0,
    cacheRead,
    cacheCreation: cacheWrite,
    ...present({ cacheCreation5m, cacheCreation1h, reasoning }),
  }
}

/** Counts within JSON are no attributes, so nobody has looked at them before. */
function believable(count: number | undefined): number | undefined {
  return count !== undefined && isPlausible(count, 'tokens') ? count : undefined
}
