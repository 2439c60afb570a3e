/** How a model call is shown, and what its span and its raw bodies add to that. */
import type { ModelCallEvent, ModelUsageEvent, TokenUsage } from '../../domain/agent-event.ts'
import type { Bodies, CallSpan } from '../pending-correlations.ts'
import type { ObservationDraft } from '../state.ts'
import { parentOf } from '../turns/turn.ts'
import type { CallCost } from './call-cost.ts'

export function generationOf(
  event: ModelCallEvent,
  cost: CallCost,
  startMs: number,
  content: Pick<ObservationDraft, 'input' | 'output'>,
): ObservationDraft {
  return {
    type: 'generation',
    key: event.dedupKey,
    parentKey: parentOf(event.subagentId),
    name: `chat ${event.model}`,
    startMs,
    endMs: event.timeMs,
    ...(event.ttftMs !== undefined && { completionStartMs: startMs + event.ttftMs }),
    model: event.model,
    ...(Object.keys(event.parameters).length > 0 && { modelParameters: event.parameters }),
    ...pricedUsage(event.usage, cost),
    ...content,
    level: 'DEFAULT',
    metadata: {
      request_id: event.requestId,
      query_source: event.querySource,
      subagent_id: event.subagentId,
      implausible: event.implausible,
    },
  }
}

/** The call of which nothing is known but what it used. */
export function usageGenerationOf(event: ModelUsageEvent, cost: CallCost): ObservationDraft {
  return {
    type: 'generation',
    key: event.dedupKey,
    parentKey: parentOf(event.subagentId),
    name: `chat ${event.model}`,
    startMs: event.timeMs,
    endMs: event.timeMs,
    model: event.model,
    ...pricedUsage(event.usage, cost),
    level: 'DEFAULT',
    metadata: {
      request_id: event.requestId,
      subagent_id: event.subagentId,
      implausible: event.implausible,
    },
  }
}

export type PricedUsage = Pick<ObservationDraft, 'usage' | 'costUsd' | 'costSource' | 'costByKind'>

/** What a call used and cost, as far as that is known. */
export function pricedUsage(
  usage: TokenUsage | undefined,
  { cost, byKind }: CallCost,
): PricedUsage {
  return {
    ...(usage !== undefined && { usage }),
    ...(cost !== undefined && { costUsd: cost.usd, costSource: cost.source }),
    ...(byKind !== undefined && { costByKind: byKind }),
  }
}

/** A span covers all tries, so it begins earlier; bodies say more than the answer's text. */
export function enrichedCall(
  draft: ObservationDraft,
  span: CallSpan | undefined,
  bodies: Bodies | undefined,
): ObservationDraft {
  return {
    ...draft,
    ...(span !== undefined && {
      startMs: Math.min(draft.startMs, span.startMs),
      endMs: Math.max(draft.endMs, span.endMs),
      metadata: {
        ...draft.metadata,
        attempts: attemptsOf(span) > 0 ? attemptsOf(span) : undefined,
        stop_reason: span.stopReason,
      },
    }),
    ...(bodies?.input !== undefined && { input: bodies.input }),
    ...(typeof bodies?.output === 'object' && { output: bodies.output }),
  }
}

/** How many tries a span tells of. */
export function attemptsOf({ attempts, attemptsMs }: CallSpan): number {
  return attempts ?? attemptsMs.length
}

/** An EVENT for each try beyond the first, below the call. */
export function retriesOf(draft: ObservationDraft, span: CallSpan): ObservationDraft[] {
  return span.attemptsMs.slice(1).map((timeMs, index) => ({
    type: 'event',
    key: `${draft.key}|retry|${index + 2}`,
    parentKey: draft.key,
    name: 'retry',
    startMs: timeMs,
    endMs: timeMs,
    level: 'WARNING',
    statusMessage: `attempt ${index + 2}`,
    metadata: { attempt: index + 2 },
  }))
}
