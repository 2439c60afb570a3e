/** What counts in a session because a transcript told it: plain data within its state. */
import type { Cost, TokenUsage } from '../../domain/agent-event.ts'
import type { CallDimensions } from '../../domain/call-dimensions.ts'

/** What a transcript told of a call that telemetry has not told of, as it was counted. */
export interface TranscribedCall {
  readonly kind: 'call'
  readonly timeMs: number
  readonly model: string
  /** Absent for the main agent's. */
  readonly subagentId?: string
  /** Under which it was counted; the type of its subagent is put in once that is told. */
  readonly dimensions: CallDimensions
  readonly usage: TokenUsage | undefined
  readonly cost: Cost | undefined
  readonly isUnpriced: boolean
}

export interface TranscribedTool {
  readonly kind: 'tool'
  readonly timeMs: number
  readonly tool: string
  readonly success: boolean
}

export interface TranscribedRefusal {
  readonly kind: 'refusal'
  readonly timeMs: number
  readonly tool: string
}

export interface TranscribedPrompt {
  readonly kind: 'prompt'
  readonly timeMs: number
  readonly isSynthetic: boolean
  /** It counts by an answer that telemetry told before, so there is nothing to take back. */
  readonly isUncounted?: true
}

/** What counts because a transcript told it; taken back when telemetry tells it. */
export type Transcribed = (
  | TranscribedCall
  | TranscribedTool
  | TranscribedRefusal
  | TranscribedPrompt
) & {
  /** It was shown like telemetry, so what telemetry tells of it is not shown again. */
  readonly isShown: boolean
}
