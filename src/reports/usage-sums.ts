/**
 * What a slice of time adds up to, kept small so that many can be held: sums by model and by who
 * and where, and for each session no more than its number and its cost.
 */
import type {
  ActiveSession,
  DimensionSum,
  ModelSum,
  Span,
  ToolSum,
  UsageSlice,
} from '../storage/usage-slice.ts'
import type { UsageDimensions } from '../domain/usage.ts'
import { addToFit, emptyFit, type PriceFit } from './cache-saving.ts'
import type { WorkOfSession } from '../storage/store-reader.ts'
import { type Delivered, deliveredIn, type ResultTimes, resultTimes } from './delivered-work.ts'
import { addSums, emptySums, type Sums } from './sums.ts'

/** Who: what sessions share. */
export interface Cohort {
  readonly agent: string
  readonly team: string | null
  readonly user: string | null
}

export interface ModelUse {
  readonly sums: Sums
  readonly fit: PriceFit
  /** Ids of the sessions that called it. */
  readonly sessions: Uint32Array
}

/** What calls of one set of dimensions used, and in which sessions. */
export type DimensionUse = Omit<ModelUse, 'fit'>

/** What one session of a cohort used. */
export interface SessionUse {
  readonly id: number
  readonly cohort: Cohort
  readonly costUsd: number
}

export interface SliceSums {
  readonly models: ReadonlyMap<string, ModelUse>
  /** By the set of dimensions that calls were counted under, an object for each. */
  readonly dimensions: ReadonlyMap<UsageDimensions, DimensionUse>
  readonly cohorts: ReadonlyMap<Cohort, Sums>
  /** By the project that was worked on; null is what names none. */
  readonly projects: ReadonlyMap<string | null, DimensionUse>
  readonly sessions: readonly SessionUse[]
  readonly tools: readonly ToolSum[]
  /** `measure|facet` to what it adds up to. */
  readonly activity: ReadonlyMap<string, number>
  /** By session, of those that made something. */
  readonly delivered: ReadonlyMap<number, Delivered>
  /** From the first prompt to the first commit, of sessions whose first commit falls in here. */
  readonly firstCommitsMs: readonly number[]
}

/** One object for all sessions that share who, over all slices. */
export type CohortOf = (cohort: Cohort) => Cohort

const MAX_COHORTS = 10_000

/** Beyond a bound the known ones are forgotten: the same may be there twice then, which adds up. */
export function createCohorts(): CohortOf {
  const known = new Map<string, Cohort>()
  return ({ agent, team, user }) => {
    if (known.size >= MAX_COHORTS) known.clear()
    const name = JSON.stringify([agent, team, user])
    return entry(known, name, () => ({ agent, team, user }))
  }
}

/** Adds up what was read of a slice. */
export function sliceSums(
  slice: UsageSlice,
  results: readonly WorkOfSession[],
  { fromMs, toMs }: Span,
  cohortOf: CohortOf,
): SliceSums {
  const models = new Map<string, { sums: Sums; fit: PriceFit; sessions: number[] }>()
  const bySession = new Map<number, Sums>()
  const dimensions = new Map<UsageDimensions, { sums: Sums; sessions: number[] }>()
  for (const row of slice.models) {
    const used = entry(dimensions, row.dimensions, () => ({ sums: emptySums(), sessions: [] }))
    addSums(used.sums, sumsOf(row))
    if (used.sessions.at(-1) !== row.session) used.sessions.push(row.session)
  }
  for (const { session, model: name, sums } of sumsByModel(slice.models)) {
    const model = entry(models, name, emptyModelUse)
    addSums(model.sums, sums)
    addToFit(model.fit, sums)
    model.sessions.push(session)
    addSums(entry(bySession, session, emptySums), sums)
  }
  const cohorts = new Map<Cohort, Sums>()
  const sessions: SessionUse[] = []
  const firstCommitsMs: number[] = []
  const times = timesBySession(results)
  for (const session of slice.sessions) {
    const { id, agent, team, userId, firstPromptMs } = session
    const cohort = cohortOf({
      agent,
      team: team ?? null,
      user: userId ?? null,
    })
    const sums = bySession.get(id) ?? emptySums()
    addSums(entry(cohorts, cohort, emptySums), sums)
    sessions.push({ id, cohort, costUsd: sums.costUsd })
    const firstCommitMs = Math.min(
      session.firstCommitMs ?? Number.POSITIVE_INFINITY,
      ...(times.get(id)?.commitsMs ?? []),
    )
    if (firstCommitMs >= fromMs && firstCommitMs < toMs) {
      if (firstPromptMs !== undefined) {
        firstCommitsMs.push(Math.max(0, firstCommitMs - firstPromptMs))
      }
    }
  }
  const activity = new Map<string, number>()
  for (const { measure, facet, value } of slice.activity) {
    activity.set(`${measure}|${facet}`, value)
  }
  const delivered = deliveredIn({ fromMs, toMs }, slice.made, times)
  const { tools } = slice
  const projects = projectsIn(slice)
  return {
    models: withIds(models),
    dimensions: withIds(dimensions),
    projects: withIds(projects),
    ...{ cohorts, sessions, tools, activity, delivered, firstCommitsMs },
  }
}

/** A session without a call counts for its own project. */
function projectsIn({ sessions, models }: UsageSlice) {
  const projects = new Map<string | null, { sums: Sums; sessions: number[] }>()
  const used = (name: string | null) =>
    entry(projects, name, () => ({ sums: emptySums(), sessions: [] }))
  const byId = new Map(sessions.map((session) => [session.id, session]))
  const idle = new Set(byId.keys())
  for (const row of models) {
    const project = used(projectOf(row.dimensions, byId.get(row.session)))
    addSums(project.sums, sumsOf(row))
    if (project.sessions.at(-1) !== row.session) project.sessions.push(row.session)
    idle.delete(row.session)
  }
  for (const id of idle) used(byId.get(id)?.project ?? null).sessions.push(id)
  return projects
}

/** The project that calls count for: that of their time, else that of their session. */
export function projectOf(
  { project }: UsageDimensions,
  session: Pick<ActiveSession, 'project'> | undefined,
): string | null {
  return project ?? session?.project ?? null
}

/** Looked through with each question: in typed arrays that takes a fraction of the time. */
function withIds<K, T extends { readonly sessions: readonly number[] }>(
  uses: ReadonlyMap<K, T>,
): Map<K, Omit<T, 'sessions'> & { readonly sessions: Uint32Array }> {
  return new Map(
    [...uses].map(([key, use]) => [key, { ...use, sessions: Uint32Array.from(use.sessions) }]),
  )
}

function timesBySession(results: readonly WorkOfSession[]): ReadonlyMap<number, ResultTimes> {
  const bySession = Map.groupBy(results, ({ session }) => session)
  return new Map([...bySession].map(([session, work]) => [session, resultTimes(work)]))
}

/** What a session used of a model, over all dimensions: rows of one lie together. */
function* sumsByModel(rows: readonly DimensionSum[]) {
  let last: { readonly session: number; readonly model: string; readonly sums: Sums } | undefined
  for (const row of rows) {
    if (last?.session === row.session && last.model === row.model) {
      addSums(last.sums, sumsOf(row))
      continue
    }
    if (last !== undefined) yield last
    last = { session: row.session, model: row.model, sums: sumsOf(row) }
  }
  if (last !== undefined) yield last
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

export function sumsOf(sum: Omit<ModelSum, 'session' | 'model'>): Sums {
  return {
    costUsd: sum.costUsd,
    estimatedUsd: sum.estimatedUsd,
    metricsUsd: sum.metricsUsd,
    unpricedCalls: sum.unpricedCalls,
    input: sum.inputTokens,
    output: sum.outputTokens,
    cacheRead: sum.cacheReadTokens,
    cacheCreation: sum.cacheCreationTokens,
    calls: sum.calls,
    errors: sum.errors,
  }
}
