/**
 * What a slice of time adds up to, kept small so that many can be held: sums by model and by who
 * and where, and for each session no more than its number and its cost.
 */
import type { ModelSum, Span, ToolSum, UsageSlice } from '../storage/usage-slice.ts'
import { addToFit, emptyFit, type PriceFit } from './cache-saving.ts'
import { addSums, emptySums, type Sums } from './sums.ts'

/** Who and where: what sessions share. */
export interface Cohort {
  readonly agent: string
  readonly project: string | null
  readonly team: string | null
  readonly user: string | null
}

export interface ModelUse {
  readonly sums: Sums
  readonly fit: PriceFit
  /** Ids of the sessions that called it. */
  readonly sessions: readonly number[]
}

/** What one session of a cohort used. */
export interface SessionUse {
  readonly id: number
  readonly cohort: Cohort
  readonly costUsd: number
}

export interface SliceSums {
  readonly models: ReadonlyMap<string, ModelUse>
  readonly cohorts: ReadonlyMap<Cohort, Sums>
  readonly sessions: readonly SessionUse[]
  readonly tools: readonly ToolSum[]
  /** `measure|facet` to what it adds up to. */
  readonly activity: ReadonlyMap<string, number>
  /** From the first prompt to the first commit, of sessions whose first commit falls in here. */
  readonly firstCommitsMs: readonly number[]
}

/** One object for all sessions that share who and where, over all slices. */
export type CohortOf = (cohort: Cohort) => Cohort

const MAX_COHORTS = 10_000

/** Beyond a bound the known ones are forgotten: the same may be there twice then, which adds up. */
export function createCohorts(): CohortOf {
  const known = new Map<string, Cohort>()
  return ({ agent, project, team, user }) => {
    if (known.size >= MAX_COHORTS) known.clear()
    const name = JSON.stringify([agent, project, team, user])
    return entry(known, name, () => ({ agent, project, team, user }))
  }
}

/** Adds up what was read of a slice. */
export function sliceSums(
  slice: UsageSlice,
  { fromMs, toMs }: Span,
  cohortOf: CohortOf,
): SliceSums {
  const models = new Map<string, { sums: Sums; fit: PriceFit; sessions: number[] }>()
  const bySession = new Map<number, Sums>()
  for (const row of slice.models) {
    const sums = sumsOf(row)
    const model = entry(models, row.model, emptyModelUse)
    addSums(model.sums, sums)
    addToFit(model.fit, sums)
    model.sessions.push(row.session_ref)
    addSums(entry(bySession, row.session_ref, emptySums), sums)
  }
  const cohorts = new Map<Cohort, Sums>()
  const sessions: SessionUse[] = []
  const firstCommitsMs: number[] = []
  for (const session of slice.sessions) {
    const { id, agent, project, team, user_id: user, first_prompt_ms, first_commit_ms } = session
    const cohort = cohortOf({ agent, project, team, user })
    const sums = bySession.get(id) ?? emptySums()
    addSums(entry(cohorts, cohort, emptySums), sums)
    sessions.push({ id, cohort, costUsd: sums.costUsd })
    if (first_commit_ms !== null && first_commit_ms >= fromMs && first_commit_ms < toMs) {
      if (first_prompt_ms !== null) {
        firstCommitsMs.push(Math.max(0, first_commit_ms - first_prompt_ms))
      }
    }
  }
  const activity = new Map<string, number>()
  for (const { measure, facet, value } of slice.activity) {
    activity.set(`${measure}|${facet}`, value ?? 0)
  }
  return { models, cohorts, sessions, tools: slice.tools, activity, firstCommitsMs }
}

function emptyModelUse(): { sums: Sums; fit: PriceFit; sessions: number[] } {
  return { sums: emptySums(), fit: emptyFit(), sessions: [] }
}

/** The entry of a key, made when there is none. */
export function entry<K, V>(of: Map<K, V>, key: K, make: () => V): V {
  const found = of.get(key)
  if (found !== undefined) return found
  const made = make()
  of.set(key, made)
  return made
}

/** Sums of a stored row. */
export function sumsOf(row: Omit<ModelSum, 'session_ref' | 'model'>): Sums {
  return {
    costUsd: row.cost_usd ?? 0,
    estimatedUsd: row.estimated_usd ?? 0,
    metricsUsd: row.metrics_usd ?? 0,
    unpricedCalls: row.unpriced_calls,
    input: row.input_tokens ?? 0,
    output: row.output_tokens ?? 0,
    cacheRead: row.cache_read_tokens ?? 0,
    cacheCreation: row.cache_creation_tokens ?? 0,
    calls: row.calls,
    errors: row.errors,
  }
}
