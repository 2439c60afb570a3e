/**
 * What the session machine says happened, ready to be shown: observations and scores.
 * Names things by natural keys; whoever delivers derives identifiers from them, so equal
 * input gives equal identifiers after a crash or a resend. Knows nothing of Langfuse's encoding.
 */
import type { CostSource, TokenUsage } from './agent-event.ts'
import type { SessionKey } from './identity.ts'
import type { CostByKind } from './price.ts'
import type { JsonValue } from './json-value.ts'

export type Level = 'DEFAULT' | 'WARNING' | 'ERROR'

/** Stands on every span: Langfuse v4 has no trace entity to hold it (facts of 4.16). */
export interface TraceContext {
  readonly sessionId: string
  readonly traceName: string
  readonly userId?: string
  readonly tags: readonly string[]
  readonly environment?: string
  readonly agentVersion?: string
  readonly metadata: Readonly<Record<string, string>>
}

export interface Observation {
  readonly kind: 'observation'
  readonly type: 'agent' | 'generation' | 'tool' | 'span' | 'event'
  readonly sessionKey: SessionKey
  /** Natural key of the trace; unique over all sessions. */
  readonly traceKey: string
  /** Natural key within the trace. */
  readonly key: string
  /** Absent on the root of a trace. */
  readonly parentKey?: string
  /** The agent's own trace, if it traces: then this is the trace's id, and no other is derived. */
  readonly agentTraceId?: string
  /** A span of another program that the root hangs under. */
  readonly outsideParentId?: string
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly completionStartMs?: number
  readonly input?: JsonValue
  readonly output?: JsonValue
  readonly model?: string
  readonly modelParameters?: Readonly<Record<string, string>>
  readonly usage?: TokenUsage
  /** Absent where it is not known; 0 is nothing paid. */
  readonly costUsd?: number
  /** Who says so; absent on observations of before others than the agent did. */
  readonly costSource?: CostSource
  /** The cost by kind of token, where the price table knows the model. */
  readonly costByKind?: CostByKind
  readonly level: Level
  readonly statusMessage?: string
  readonly metadata: Readonly<Record<string, JsonValue | undefined>>
  readonly context: TraceContext
}

/** What a score is attached to. */
export type ScoreTarget =
  | { readonly kind: 'session' }
  | { readonly kind: 'trace'; readonly traceKey: string }

export interface Score {
  readonly kind: 'score'
  readonly sessionKey: SessionKey
  readonly sessionId: string
  /** Natural key: a later score with the same key replaces the earlier one. */
  readonly key: string
  readonly name: string
  readonly value: number
  /** The numbers behind the value, for a person. */
  readonly comment: string
  readonly target: ScoreTarget
  readonly environment?: string
}

export type Emission = Observation | Score
