/** Times to the first token by model, which a session's totals hold for all models together. */
import { addUsd } from '../domain/exact-sum.ts'
import type { Arrival } from '../domain/session-store.ts'
import {
  type Distribution,
  emptyDistribution,
  quantile,
  record,
} from '../sessions/usage/distribution.ts'
import { type Rating, ratingsOf } from '../sessions/summary/scores.ts'
import type { SessionState } from '../sessions/state.ts'
import { metricModels } from '../sessions/usage/metric-spending.ts'
import { reconciliation } from '../sessions/usage/reconciliation.ts'
import { emptyModel, type ModelTotals, spentOf, type Totals } from '../sessions/usage/totals.ts'
import type { ToolUse } from '../api/contract/overview.ts'
import type { Score } from '../api/contract/quantities.ts'
import type { ModelUse, Session, Strip } from '../api/contract/session.ts'
import { cutName } from './answer-bounds.ts'
import { cacheHitRatio } from './cache-saving.ts'
import type { WorkOfSession } from '../storage/store-reader.ts'
import { resultTimes } from './delivered-work.ts'
import { addUsage, costsOf, tokensOf } from './sums.ts'

/** More names than that are no models. */
const MAX_MODELS = 200

export interface FirstTokens {
  add(arrivals: readonly Arrival[]): void
  /** Of a model's calls. */
  medianMs(model: string): number | undefined
}

export function createFirstTokens(): FirstTokens {
  const models = new Map<string, Distribution>()

  return {
    add: (arrivals) => {
      for (const { item } of arrivals) {
        if (item.kind !== 'model_call' || item.ttftMs === undefined) continue
        const known = models.get(item.model)
        if (known === undefined && models.size >= MAX_MODELS) continue
        const times = known ?? emptyDistribution()
        models.set(item.model, times)
        record(times, item.ttftMs)
      }
    },
    medianMs: (model) => {
      const times = models.get(model)
      return times && quantile(times, 0.5)
    },
  }
}

// The figures of one session, from what the machine added up.

export type SessionFigures = Pick<
  Session,
  'strip' | 'scores' | 'models' | 'tools' | 'reconciliation'
>

/** What of a session's state its figures come from. */
export type FiguredState = Pick<SessionState, 'totals' | 'firstMs' | 'lastMs' | 'metricStretches'>

/** `ttftMs` gives the median time to the first token of a model's calls; `work` is what it worked on. */
export function figuresOf(
  state: FiguredState,
  ttftMs: (model: string) => number | undefined,
  work: readonly WorkOfSession[] = [],
): SessionFigures {
  const { totals } = state
  return {
    strip: stripOf(state, work),
    scores: ratingsOf(totals).map(scoreOf),
    models: modelsOf(state, ttftMs),
    tools: toolsOf(totals),
    reconciliation: reconciliationOf(totals),
  }
}

function stripOf({ totals, firstMs, lastMs }: FiguredState, work: readonly WorkOfSession[]): Strip {
  const { metrics } = totals
  const { commitsMs, pullRequestsMs } = resultTimes(work)
  const { costUsd, usage } = spentOf(totals)
  return {
    ...costsOf({ ...totals, ...usage, costUsd, calls: totals.modelCalls }),
    tokens: tokensOf(usage),
    cacheHitRatio: cacheHitRatio(usage) ?? null,
    durationMs: lastMs - firstMs,
    activeUserS: metrics.activeUserS,
    activeAgentS: metrics.activeAgentS,
    prompts: totals.prompts,
    modelCalls: totals.modelCalls,
    modelErrors: totals.modelErrors,
    toolResults: totals.toolResults,
    toolFailures: totals.toolFailures,
    toolRefusals: totals.toolRefusals,
    subagents: Object.values(totals.subagents).reduce((sum, count) => sum + count, 0),
    linesAdded: metrics.linesAdded,
    linesRemoved: metrics.linesRemoved,
    // Both tell of the same ones.
    commits: Math.max(metrics.commits, commitsMs.length),
    pullRequests: Math.max(metrics.pullRequests, pullRequestsMs.length),
    editsAccepted: metrics.editsAccepted,
    editsRejected: metrics.editsRejected,
    errors: totals.modelErrors + totals.toolFailures,
  }
}

function scoreOf({ name, value, comment }: Rating): Score {
  const max = name === 'quality' || name === 'efficiency' ? 100 : 1
  return { name, value, max, comment }
}

/** The most expensive first. */
function modelsOf(
  { totals, metricStretches }: FiguredState,
  ttftMs: (model: string) => number | undefined,
): ModelUse[] {
  return [...withMetrics(totals.models, metricStretches)]
    .sort(([, a], [, b]) => b.costUsd - a.costUsd)
    .map(([model, { calls, errors, usage, durationMs, ...spent }]) => ({
      model: cutName(model),
      calls,
      errors,
      ...costsOf({ ...spent, ...usage, calls }),
      tokens: tokensOf(usage),
      avgMs: mean(durationMs),
      p95Ms: quantile(durationMs, 0.95) ?? null,
      ttftMs: ttftMs(model) ?? null,
    }))
}

type SpentOnModel = ModelTotals & { readonly metricsUsd: number }

/** Beside what events tell of models, what metrics alone do. */
function withMetrics(
  models: Totals['models'],
  stretches: FiguredState['metricStretches'],
): ReadonlyMap<string, SpentOnModel> {
  const all = new Map<string, SpentOnModel>()
  for (const [name, model] of Object.entries(models)) all.set(name, { ...model, metricsUsd: 0 })
  for (const { model, costUsd, usage } of metricModels(stretches)) {
    const known = all.get(model) ?? { ...emptyModel(), metricsUsd: 0 }
    const tokens = tokensOf(known.usage)
    addUsage(tokens, usage)
    all.set(model, {
      ...known,
      costUsd: addUsd(known.costUsd, costUsd),
      metricsUsd: costUsd,
      usage: tokens,
    })
  }
  return all
}

/** The most used first. */
function toolsOf({ tools }: Totals): ToolUse[] {
  return Object.entries(tools)
    .map(([tool, { results, failures, refusals, durationMs }]) => ({
      tool: cutName(tool),
      results,
      failures,
      refusals,
      successRate: results > 0 ? (results - failures) / results : null,
      avgMs: mean(durationMs),
      p95Ms: quantile(durationMs, 0.95) ?? null,
    }))
    .sort((a, b) => b.results - a.results)
}

function mean({ sum, count }: Distribution): number | null {
  return count > 0 ? sum / count : null
}

function reconciliationOf(totals: Totals): Session['reconciliation'] {
  const reconciled = reconciliation(totals)
  return reconciled === undefined ? null : { ...reconciled }
}
