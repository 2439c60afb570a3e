/**
 * What the product must know about one agent: how to recognise it, where its session id
 * stands, and a table of its events and metrics. Profiles are data and small readers;
 * they keep no state and know nothing of sessions or of Langfuse.
 */
import type { ToldModel } from '../domain/budget-brake.ts'
import type { BrakedStep } from '../domain/budget-refusal.ts'
import type { AgentEvent, EventBase, SpanEvent, SpanRole } from '../domain/agent-event.ts'
import type { CallDimensions } from '../domain/call-dimensions.ts'
import type { Attributes } from '../domain/json-value.ts'
import type { Identity } from '../domain/identity.ts'
import type { MetricMeasure } from '../domain/metric-sample.ts'
import type { Quantity } from '../domain/numbers.ts'
import type {
  HookAnswer,
  LogRecord,
  MetricPoint,
  Origin,
  SpanRecord,
} from '../domain/telemetry-record.ts'

/** One event name of an agent. */
export interface EventRow {
  /** What becomes of it, for the README's table. */
  readonly shownAs: string
  /** Attributes that identify the event within its session, in order of preference. */
  readonly identifiedBy: readonly string[]
  /** Attributes that a copy of the event from another source has alike, beside its id. */
  readonly sameInCopies?: readonly string[]
  /** Builds the event from its common part and those of its attributes that can be true. */
  readonly read: (base: EventBase, attributes: Attributes) => AgentEvent
}

/** One metric name of an agent. */
export interface MetricRow {
  readonly measure: MetricMeasure
  /** The attribute that splits the measure. */
  readonly facet?: string
  /** The attribute that names the model, of cost and tokens. */
  readonly model?: string
  /** The attributes that say what the calls were made for, of cost and tokens. */
  readonly dimensions?: Readonly<Partial<Record<keyof CallDimensions, string>>>
  readonly shownAs: string
}

/** What a span tells beyond its role, ids and times. */
export type SpanFacts = Pick<
  SpanEvent,
  'requestId' | 'toolUseId' | 'output' | 'attemptsMs' | 'stopReason'
>

/** How an agent's spans are read. */
export interface SpanReader {
  readonly roleOf: (name: string) => SpanRole
  readonly facts: (span: SpanRecord) => SpanFacts
}

/** What has to be known of a span to find its session, its turn and its subagent. */
export interface SpanPlacing {
  /** `agent` for a turn or a subagent, `work` for what they do. */
  readonly role: 'agent' | 'work' | 'other'
  readonly sessionId?: string | undefined
  /** The session that the span names is its own, whatever session the spans around it belong to. */
  readonly sessionIsOwn: boolean
  /** Subagents carry session ids of their own, though they belong to the session around them. */
  readonly subagentsHaveIds: boolean
  /** The turn, where the span itself names it. */
  readonly turnId?: string | undefined
  /** The span says of itself that a subagent did it. */
  readonly isSubagent: boolean
  /** Nobody asked for it: alone in its trace, it is no turn. */
  readonly isSideCall: boolean
}

/**
 * How the spans of an agent are read that are themselves the source of what is shown and counted,
 * unlike those of `SpanReader`, which enrich what logs tell.
 */
export interface SpanSource {
  readonly recognises: (span: SpanRecord) => boolean
  /** The agent's name, first part of every session key. */
  readonly agent: (span: SpanRecord) => string
  readonly placing: (span: SpanRecord) => SpanPlacing
  /** The session when the trace names none. */
  readonly sessionId: (span: SpanRecord) => string | undefined
  readonly read: (base: EventBase, span: SpanRecord) => AgentEvent
}

/** The part of a hook that the product adds to what the agent sent. */
export interface HookContext {
  readonly arrivedMs: number
  /** Folder, repository and branch of the session, as far as they are known. */
  readonly labels: Readonly<Record<string, string>>
}

/** How an agent's hooks are read. */
export interface HookReader {
  /** The folder the agent works in, if the hook names it. */
  readonly folder: (body: Attributes) => string | undefined
  /** The event a hook stands for; undefined when the body names no session or no hook. */
  readonly read: (body: Attributes, context: HookContext) => AgentEvent | undefined
  /** The model that the session's main agent is set to, if the hook names it. */
  readonly model?: (body: Attributes) => ToldModel | undefined
  /** Hooks whose answer can refuse what the agent is about to do; absent where none can. */
  readonly brakes?: Readonly<Record<string, HookBrake>>
}

/** A hook that can be refused, by its event's name. */
export interface HookBrake {
  readonly step: BrakedStep
  /** The answer that refuses it, as the agent wants it. */
  readonly refuse: (reason: string) => HookAnswer
}

/**
 * By what an agent's records are known without their scope. Only what nobody else writes is a sign.
 * The records have been put right by the agent's `NamedAttributes`.
 */
export interface AgentSigns {
  readonly origin: (origin: Origin) => boolean
  readonly log: (record: LogRecord) => boolean
  readonly metric: (point: MetricPoint) => boolean
  readonly span: (span: SpanRecord) => boolean
}

/** The attributes that pipelines between the agent and the bridge rename or move. */
export interface NamedAttributes {
  /** Names with dots, which may come with underscores in their place. */
  readonly dotted: readonly string[]
  /** Those of them that are looked for on the resource where the record lacks them. */
  readonly ids: readonly string[]
  /** Those that every record has; one that has them all is as the agent sent it. */
  readonly always: readonly string[]
  /** The agent's own time of a log record. */
  readonly time: string
}

export interface AgentProfile {
  /** Stable id, first part of every session key and the trace's tag. */
  readonly agent: string
  readonly title: string
  /** The name in place of `agent`, for profiles that read several agents. */
  readonly agentOf?: (origin: Origin, attributes: Attributes) => string
  readonly recognises: (origin: Origin) => boolean
  /** Absent for agents that are known by their scope only. */
  readonly signs?: AgentSigns
  /** Absent for agents whose records are taken as they come. */
  readonly named?: NamedAttributes
  /** The event's bare name, e.g. `api_request`. */
  readonly eventName: (record: LogRecord) => string | undefined
  readonly sessionId: (attributes: Attributes) => string | undefined
  /** A group for records that carry no session id; `undefined` when they cannot be grouped. */
  readonly substituteSessionId: (
    attributes: Attributes,
    timeMs: number,
    traceId: string | undefined,
  ) => string | undefined
  readonly identity: (origin: Origin, attributes: Attributes) => Identity
  readonly sequence: (attributes: Attributes) => number | undefined
  readonly promptId: (attributes: Attributes, origin: Origin) => string | undefined
  readonly subagentId: (attributes: Attributes) => string | undefined
  /** What its numeric attributes measure: beyond the bound of that they are not believed. */
  readonly quantities: Readonly<Record<string, Quantity>>
  readonly events: Readonly<Record<string, EventRow>>
  readonly metrics: Readonly<Record<string, MetricRow>>
  /** The agent's own name of a metric that a pipeline renamed; `undefined` when it knows none. */
  readonly metricName?: (name: string) => string | undefined
  readonly spans: SpanReader
  /** Present where spans are a source of their own. */
  readonly spanSource?: SpanSource
  /** Absent for agents that post no hooks. */
  readonly hooks?: HookReader
}
