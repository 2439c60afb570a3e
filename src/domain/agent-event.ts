/**
 * What a coding agent did, in terms that hold for every agent.
 * A profile (`agents/`) translates records into these; the session machine folds them.
 */
import type { BudgetRefusal } from './budget-refusal.ts'
import type { Attribution } from './call-dimensions.ts'
import type { Identity } from './identity.ts'
import type { Implausible } from './numbers.ts'
import type { JsonValue } from './json-value.ts'

/** What tells apart records that have one id; see `record-identity.ts`. */
export interface RecordInstance {
  /** Whether its sender counts records. One that does not is another source: a copy made later. */
  readonly isSequenced: boolean
  /** Time and sequence, as sent. */
  readonly place: string
  /** What a copy from another source has alike: token counts, where it has some. */
  readonly content: string
}

/** Facts every event has. Times are epoch ms, durations ms. */
export interface EventBase {
  readonly agent: string
  readonly sessionId: string
  /**
   * Names the event within its session: two records with one key are one event sent twice. Where it
   * is made of an id that the agent did not make, `instance` tells more.
   */
  readonly dedupKey: string
  readonly instance?: RecordInstance
  /** Another event of the session has the same id. */
  readonly isRepeat?: boolean
  /** A transcript told of it before, under this key; see `transcript-join.ts`. */
  readonly transcriptKey?: string
  /**
   * Of a hook that nothing in it tells apart from a later one that says the same: alike for both.
   * Whether it was sent twice or happened twice is seen from what came in between.
   */
  readonly resendKey?: string
  /** The agent's own name of the event, e.g. `api_request`. */
  readonly name: string
  readonly timeMs: number
  /** Order within the agent's process, where it counts one. */
  readonly sequence?: number
  /** The prompt this belongs to, or whatever else the agent names its turn by. */
  readonly promptId?: string
  /** The agent's own trace, lower-case hex, while it traces. */
  readonly traceId?: string
  /** The subagent that did it; absent for the main agent. */
  readonly subagentId?: string
  /** The folder that the agent worked in, as its hooks tell it. */
  readonly cwd?: string
  readonly identity: Identity
  /** What its record said that cannot be true; the event is without it. */
  readonly implausible?: Implausible
  /** Where in its trace it stands; present where spans are the source of what is counted. */
  readonly place?: TracePlace
  /** How many secrets were masked in its record, by rule. */
  readonly masked?: Readonly<Record<string, number>>
  /** Of a hook: what it asked for was refused. */
  readonly refusal?: BudgetRefusal
}

/** A span's place in its trace. */
export interface TracePlace {
  readonly spanId: string
  /** The spans around it, the nearest first, as far as they were known when it came. */
  readonly within: readonly string[]
  /** Spans below it that earlier ones named as the last of theirs, since this one was not known. */
  readonly stoodFor?: readonly string[]
}

/**
 * What an agent says it used altogether: a turn, a subagent. It repeats what its calls tell, so it
 * counts only where none of them tells any.
 */
export interface UsageSum {
  readonly model: string
  readonly provider?: string
  readonly usage: TokenUsage
  readonly cost?: Cost
}

/** Text the user may have kept back. `text` is absent when it was not recorded. */
export interface Content {
  readonly text?: string
  /** Why there is no text and how to change that, for the reader of the trace. */
  readonly note?: string
  /** Characters of the original, when the agent says so. */
  readonly length?: number
}

/** Tokens of one call. The buckets do not overlap: `input` has no cached tokens in it. */
export interface TokenUsage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  /** All cache writes; those with a known lifetime stand in the two fields below as well. */
  readonly cacheCreation: number
  readonly cacheCreation5m?: number
  readonly cacheCreation1h?: number
  /** The part of `output` that was spent on reasoning, where the agent counts it apart. */
  readonly reasoning?: number
}

/**
 * Who says what a call cost: the agent, the price table (`estimated`), or the prices that the
 * operator has set (`override`).
 */
export type CostSource = 'agent' | 'estimated' | 'override'

export interface Cost {
  /** US dollars. */
  readonly usd: number
  readonly source: CostSource
}

export interface PromptEvent extends EventBase {
  readonly kind: 'prompt'
  readonly prompt: Content
  /** Slash command without the slash, when the prompt was one. */
  readonly command?: string
  /** The agent sent it to itself; nobody typed it. */
  readonly isSynthetic?: boolean
}

export interface ModelCallEvent extends EventBase {
  readonly kind: 'model_call'
  readonly model: string
  /** Who serves the model, as the agent names it: `anthropic`, `openai`, `aws.bedrock`. */
  readonly provider?: string
  /** Absent where no record of the call tells it, or a later one does (`ModelUsageEvent`). */
  readonly usage?: TokenUsage
  /** Searches that the provider made for the call and charges beside its tokens. */
  readonly webSearches?: number
  /** Absent where the agent said none that can be true. */
  readonly cost?: Cost | undefined
  readonly durationMs?: number
  /** Time to first token. */
  readonly ttftMs?: number
  readonly requestId?: string
  /** What the call was for, e.g. `sdk`, `agent:builtin:general-purpose`. */
  readonly querySource?: string
  /** False for side calls (titles, summaries) whose answer is not the agent's answer. */
  readonly isMain: boolean
  readonly parameters: Readonly<Record<string, string>>
  /** Kind of the subagent that made it, where the agent says so. */
  readonly subagentType?: string
  readonly attribution?: Attribution
  /** What was sent to the model and what it answered, from agents that say so in the same record. */
  readonly input?: JsonValue
  readonly output?: JsonValue
  /** The newest words of the user in `input`, and the text of `output`. */
  readonly prompt?: Content
  readonly answer?: Content
  /** The answer asks for tools, so the agent goes on, however long they take. */
  readonly asksForTools?: boolean
}

/**
 * The usage of a call that another record told of. It belongs to the call with its `requestId`;
 * without one, to the oldest call of the same agent that has no usage yet.
 */
export interface ModelUsageEvent extends EventBase {
  readonly kind: 'model_usage'
  readonly requestId?: string
  readonly model: string
  readonly provider?: string
  readonly usage: TokenUsage
  readonly cost?: Cost | undefined
}

export interface ModelResponseEvent extends EventBase {
  readonly kind: 'model_response'
  readonly requestId?: string
  readonly model?: string
  readonly response: Content
  readonly isMain: boolean
  /** The answer is a title for the session. */
  readonly isTitle?: boolean
}

/** What was sent to the model, as chat messages or, where it cannot be read, as text. */
export interface RequestBodyEvent extends EventBase {
  readonly kind: 'request_body'
  readonly bodyId: string
  readonly messages: JsonValue
}

/** What the model answered, as a chat message or, where it cannot be read, as text. */
export interface ResponseBodyEvent extends EventBase {
  readonly kind: 'response_body'
  readonly bodyId?: string
  readonly requestId: string
  readonly message: JsonValue
}

export interface ModelErrorEvent extends EventBase {
  readonly kind: 'model_error'
  readonly model: string
  readonly message: string
  readonly statusCode?: number
  readonly durationMs?: number
  /** Which try failed, counted from 1. */
  readonly attempt?: number
  readonly requestId?: string
  readonly querySource?: string
  readonly subagentType?: string
  readonly attribution?: Attribution
  readonly isMain: boolean
}

export interface ToolDecisionEvent extends EventBase {
  readonly kind: 'tool_decision'
  readonly tool: string
  readonly toolUseId?: string
  readonly accepted: boolean
  /** Who decided: `config`, `hook`, `user_temporary`, `user_reject`, … */
  readonly source: string
  readonly requestId?: string
  /** JSON text of the tool's parameters, when details are switched on. */
  readonly parameters?: string
}

export interface ToolResultEvent extends EventBase {
  readonly kind: 'tool_result'
  readonly tool: string
  readonly toolUseId?: string
  readonly success: boolean
  readonly durationMs?: number
  readonly requestId?: string
  readonly parameters?: string
  /** JSON text of the tool's input, when details are switched on. */
  readonly input?: string
  /** What it returned, from agents that say so in the same record. */
  readonly output?: JsonValue
  /** Why input or output are not there, for the reader of the trace. */
  readonly inputNote?: string
  readonly outputNote?: string
  readonly errorType?: string
  readonly error?: string
  readonly inputBytes?: number
  readonly resultBytes?: number
}

/**
 * A turn as a whole, from agents that send no prompt event: they report the turn when it is over, or
 * when it begins without its prompt. Belongs to the turn that `promptId` names.
 */
export interface TurnEvent extends EventBase {
  readonly kind: 'turn'
  readonly startMs: number
  readonly prompt?: Content
  readonly answer?: Content
  /** The message of a turn that failed. */
  readonly error?: string
  /** Nothing of the turn is to come but records that are late. */
  readonly isOver: boolean
  readonly sum?: UsageSum
}

/** What another record of the session may tell as well. */
export interface Repeated {
  /** The call with this request id. */
  readonly requestId?: string
  /** The tool with this id. */
  readonly toolUseId?: string
  /** Anything that counts: the agent has a better source for all of it. */
  readonly anyCall?: true
  /** What any call used. */
  readonly anyUsage?: true
}

/**
 * An event that another record may tell better. It is folded after a while, unless one has by then:
 * see `sessions/repeats.ts`.
 */
export interface FallbackEvent extends EventBase {
  readonly kind: 'fallback'
  readonly event: Exclude<AgentEvent, FallbackEvent | TranscriptEvent>
  readonly unless: Repeated
}

/**
 * What a transcript tells. It counts where telemetry does not tell of it, and is shown where the
 * transcript is exported or looked at here: see `sessions/transcripts.ts`.
 */
export interface TranscriptEvent extends EventBase {
  readonly kind: 'transcript'
  readonly event: TranscribedEvent
  /** Names it over all sessions; see `TranscriptRecord`. */
  readonly claim?: string
  readonly isExported?: boolean
  /** The key of the telemetry that told of it before. */
  readonly copyOf?: string
  /** The key under which the telemetry that follows refers to it. */
  readonly joinKey?: string
  /** It says better what an earlier entry with this key said of a call. */
  readonly amends?: boolean
  /** What the session is called. */
  readonly title?: string
  /** Another session wrote first what this one told: it is taken back. Never stored. */
  readonly givesUp?: GivenUp
}

/** What a session told of a line that another session wrote. */
export interface GivenUp {
  /** As it is stored. */
  readonly claim: string
  /** Set by the store, like the rest: the key under which it was told, absent where it does not count. */
  readonly joinKey?: string
  /** What was told. */
  readonly event?: TranscribedEvent
  /** Of a prompt: the first of those that the session still has. */
  readonly prompts?: readonly KeptPrompt[]
}

export interface KeptPrompt {
  readonly timeMs: number
  readonly command: string | undefined
  readonly text: string | undefined
}

export type TranscribedEvent =
  | PromptEvent
  | ModelCallEvent
  | ToolDecisionEvent
  | ToolResultEvent
  | SubagentEndEvent
  | NoteEvent
  | TurnEvent
  | ToolReport
  | OtherEvent

/** A subagent has ended. */
export interface SubagentEndEvent extends EventBase {
  readonly kind: 'subagent_end'
  readonly subagentType: string
  /** It ran beside the main agent, which did not wait for it. */
  readonly isBackground: boolean
  readonly durationMs?: number
  readonly totalTokens?: number
  readonly toolUses?: number
  readonly model?: string
  readonly answer?: Content
  readonly sum?: UsageSum
}

/** Something worth a place in the trace that is neither a call nor a tool. */
export interface NoteEvent extends EventBase {
  readonly kind: 'note'
  readonly title: string
  /** How long it took, up to `timeMs`; a moment when absent. */
  readonly durationMs?: number
  readonly level: 'DEFAULT' | 'WARNING' | 'ERROR'
  readonly statusMessage?: string
  /** It belongs to the agent's start, whatever comes of that. */
  readonly isStartUp?: boolean
  readonly details: Readonly<Record<string, JsonValue | undefined>>
}

/** What a span of the agent's own tracing covers. */
export type SpanRole = 'turn' | 'model_call' | 'tool' | 'tool_wait' | 'tool_execution' | 'other'

/**
 * A span of the agent's own tracing. It tells nothing that events do not tell as well, but
 * knows more about time and nesting: it enriches, and is never shown or counted by itself.
 */
export interface SpanEvent extends EventBase {
  readonly kind: 'span'
  readonly role: SpanRole
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startMs: number
  readonly endMs: number
  /** The model call it covers. */
  readonly requestId?: string
  /** The tool it covers. */
  readonly toolUseId?: string
  /** What the tool returned, when content is switched on. */
  readonly output?: string
  /** When each try of a model call began. */
  readonly attemptsMs?: readonly number[]
  readonly stopReason?: string
}

/** A hook says that a prompt was submitted: seconds before its first log record. */
export interface TurnStartReport extends EventBase {
  readonly kind: 'turn_start_report'
  readonly prompt: string
}

/** A hook says that the main agent has ended its turn. */
export interface TurnStopReport extends EventBase {
  readonly kind: 'turn_stop_report'
  readonly answer?: string
  /** Subagents that still run; the turn is over when they have stopped. */
  readonly running: readonly string[]
}

/** A hook tells what a tool was given and what it returned. */
export interface ToolReport extends EventBase {
  readonly kind: 'tool_report'
  readonly tool: string
  readonly toolUseId: string
  readonly state: 'begun' | 'done' | 'failed'
  readonly input?: JsonValue
  readonly output?: JsonValue
  readonly durationMs?: number
  /** The subagent that this tool started. */
  readonly startedSubagentId?: string
}

/** A hook says that a subagent began or stopped. */
export interface SubagentReport extends EventBase {
  readonly kind: 'subagent_report'
  readonly subagentType: string
  readonly state: 'begun' | 'stopped'
  readonly answer?: string
}

/** A hook says that the session has ended. */
export interface SessionEndReport extends EventBase {
  readonly kind: 'session_end_report'
  readonly reason: string
}

/** What hooks tell. It completes what telemetry tells, and counts nothing. */
export type ReportEvent =
  | TurnStartReport
  | TurnStopReport
  | ToolReport
  | SubagentReport
  | SessionEndReport

/** Anything else: kept and counted by name. */
export interface OtherEvent extends EventBase {
  readonly kind: 'other'
  /** It came as a hook, and is not counted among the events of telemetry. */
  readonly isHook?: boolean
  /** Of a status line: the pull request of the branch that is checked out. */
  readonly pullRequest?: { readonly url: string }
}

export type AgentEvent =
  | PromptEvent
  | ModelCallEvent
  | ModelUsageEvent
  | ModelResponseEvent
  | ModelErrorEvent
  | ToolDecisionEvent
  | ToolResultEvent
  | RequestBodyEvent
  | ResponseBodyEvent
  | TurnEvent
  | FallbackEvent
  | TranscriptEvent
  | SubagentEndEvent
  | NoteEvent
  | SpanEvent
  | ReportEvent
  | OtherEvent
