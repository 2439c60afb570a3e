/**
 * The summary of a session that was closed: one trace of one observation with everything the
 * session adds up to. It has no cost or usage of its own, since those are counted already.
 */
import { addUsd } from '../../domain/exact-sum.ts'
import { isCostUnknown } from '../../domain/usage.ts'
import type { CloseReason } from '../../domain/session-control.ts'
import type { JsonValue } from '../../domain/json-value.ts'
import { type Distribution, quantile } from '../usage/distribution.ts'
import { type Draft, emit } from '../draft.ts'
import { NO_TELEMETRY } from '../hooks/reported-content.ts'
import { scoresOf } from './scores.ts'
import { type Reconciliation, reconciliation } from '../usage/reconciliation.ts'
import {
  allTokens,
  type ModelTotals,
  spentOf,
  type Totals,
  type ToolTotals,
} from '../usage/totals.ts'

export const SUMMARY_TRACE_NAME = 'session-summary'

/** Emits the summary and the scores. A session that goes on gets a further summary later. */
export function emitSummary(draft: Draft, reason: CloseReason): void {
  const { state } = draft
  state.summaries += 1
  const traceKey = `${state.key}/summary/${state.summaries}`
  emit(draft, traceKey, SUMMARY_TRACE_NAME, {
    type: 'span',
    key: 'summary',
    name: SUMMARY_TRACE_NAME,
    startMs: state.firstMs,
    endMs: state.lastMs,
    input: { reason, summary: state.summaries },
    output: { turns: state.turnCount, ...shownTotals(state.totals, state.lastMs - state.firstMs) },
    level: 'DEFAULT',
    metadata: {
      close_reason: reason,
      end_reason: reason === 'session_end' ? state.endReason : undefined,
      telemetry: state.hasTelemetry ? undefined : NO_TELEMETRY,
      summary: state.summaries,
      organization_id: state.identity.organizationId,
      title: state.title,
      masked_secrets: state.totals.masked && { ...state.totals.masked },
    },
  })
  draft.emissions.push(...scoresOf(state, traceKey))
}

function shownTotals(totals: Totals, durationMs: number): Record<string, JsonValue | undefined> {
  const { metrics } = totals
  const spent = spentOf(totals)
  return {
    duration_ms: durationMs,
    prompts: totals.prompts,
    synthetic_prompts: totals.syntheticPrompts,
    model_calls: totals.modelCalls,
    model_errors: totals.modelErrors,
    model_retries: totals.retries,
    tool_results: totals.toolResults,
    tool_failures: totals.toolFailures,
    tool_refusals: totals.toolRefusals,
    ...shownCost({ ...totals, ...spent }, totals.modelCalls),
    told_by_metrics_usd: totals.metricsUsd > 0 ? totals.metricsUsd : undefined,
    tokens: { ...spent.usage },
    time_to_first_token_ms: percentiles(totals.ttftMs),
    models: byName(totals.models, shownModel),
    tools: byName(totals.tools, shownTool),
    lines_added: metrics.linesAdded,
    lines_removed: metrics.linesRemoved,
    commits: metrics.commits,
    pull_requests: metrics.pullRequests,
    edits_accepted: metrics.editsAccepted,
    edits_rejected: metrics.editsRejected,
    active_user_s: metrics.activeUserS,
    active_agent_s: metrics.activeAgentS,
    subagents: { ...totals.subagents },
    starts: { ...totals.starts },
    events: { ...totals.events },
    hooks: Object.keys(totals.hooks).length > 0 ? { ...totals.hooks } : undefined,
    implausible_values: totals.implausible,
    masked_secrets: totals.masked && { ...totals.masked },
    forgotten: totals.forgotten && { ...totals.forgotten },
    ...shownReconciliation(reconciliation(totals)),
  }
}

/** What one side does not tell is left out, and so is its difference. */
function shownReconciliation(of: Reconciliation | undefined): Record<string, JsonValue> {
  if (of === undefined) return {}
  const { eventsUsd, metricsUsd, eventsTokens, metricsTokens } = of
  const reconciliation = {
    ...(eventsUsd !== null && { events_cost_usd: eventsUsd }),
    ...(metricsUsd !== null && { metrics_cost_usd: metricsUsd }),
    ...(eventsUsd !== null &&
      metricsUsd !== null && { difference_cost_usd: addUsd(metricsUsd, -eventsUsd) }),
    events_tokens: eventsTokens,
    ...(metricsTokens !== null && {
      metrics_tokens: metricsTokens,
      difference_tokens: metricsTokens - eventsTokens,
    }),
  }
  return { reconciliation }
}

/** Left out where nobody tells it. */
function shownCost(
  {
    costUsd,
    estimatedUsd,
    unpricedCalls,
    usage,
  }: Pick<Totals, 'costUsd' | 'estimatedUsd' | 'unpricedCalls' | 'usage'>,
  calls: number,
): Record<string, number | undefined> {
  const isUnknown = isCostUnknown({ costUsd, unpricedCalls, calls, tokens: allTokens(usage) })
  return {
    cost_usd: isUnknown ? undefined : costUsd,
    estimated_usd: estimatedUsd > 0 ? estimatedUsd : undefined,
    calls_without_a_price: unpricedCalls > 0 ? unpricedCalls : undefined,
  }
}

function shownModel(model: ModelTotals): JsonValue {
  return {
    calls: model.calls,
    errors: model.errors,
    ...shownCost(model, model.calls),
    tokens: { ...model.usage },
    duration_ms: percentiles(model.durationMs),
  }
}

function shownTool(tool: ToolTotals): JsonValue {
  return {
    results: tool.results,
    failures: tool.failures,
    refusals: tool.refusals,
    duration_ms: percentiles(tool.durationMs),
  }
}

/** Quantiles are exact to 1 %; count, mean, least and greatest are exact. */
function percentiles(of: Distribution): JsonValue | undefined {
  const p50 = quantile(of, 0.5)
  const p95 = quantile(of, 0.95)
  if (p50 === undefined || p95 === undefined) return undefined
  return {
    count: of.count,
    mean: Math.round(of.sum / of.count),
    min: of.min,
    p50: Math.round(p50),
    p95: Math.round(p95),
    max: of.max,
  }
}

function byName<T>(of: Record<string, T>, show: (value: T) => JsonValue): JsonValue {
  const shown: Record<string, JsonValue> = {}
  for (const [name, value] of Object.entries(of)) shown[name] = show(value)
  return shown
}
