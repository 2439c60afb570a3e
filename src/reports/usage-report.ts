/** Slices of time put together: the sums of a range, and who and what they fall to. */
import type { ToolSum } from '../storage/usage-slice.ts'
import type { Dimension, UsageDimensions } from '../domain/usage.ts'
import { addFit, emptyFit, type PriceFit, savedUsd } from './cache-saving.ts'
import { countDelivered, type DeliveredCounts } from './delivered-work.ts'
import { tallySessions } from './session-tally.ts'
import type { Slice } from './usage-slices.ts'
import { addSums, emptySums, isSomething, type Sums } from './sums.ts'
import { type Cohort, entry } from './usage-sums.ts'

/** What falls to one model, agent, project, team or user, or to one name of a dimension. */
export interface Part {
  readonly name: string | null
  readonly sums: Sums
  readonly sessions: number
}

export interface UsageReport {
  readonly sums: Sums
  /** Distinct sessions that used something. */
  readonly sessions: number
  readonly models: readonly Part[]
  /** What the cache saved; undefined where no price can be derived. */
  readonly cacheSavedUsd: number | undefined
  readonly agents: readonly Part[]
  readonly projects: readonly Part[]
  readonly teams: readonly Part[]
  readonly users: readonly Part[]
  /** By one of the dimensions of model calls; null is what names none. */
  byDimension(dimension: Dimension): readonly Part[]
  /** Sessions that are in no part of `models`, and in none of any dimension: they have no call to show. */
  readonly outside: { readonly models: number; readonly dimensions: number }
  readonly tools: readonly ToolSum[]
  /** What a measure adds up to, of one facet or of all. */
  activity(measure: string, facet?: string): number
  readonly delivered: DeliveredCounts
  /** Ids of the sessions that cost most within the range. */
  mostExpensiveSessions(count: number): readonly number[]
  readonly firstCommitsMs: readonly number[]
}

export function usageReport(slices: readonly Slice[]): UsageReport {
  const models = new Map<string, ModelPart>()
  const sets = new Map<UsageDimensions, DimensionPart>()
  const cohorts = new Map<Cohort, Sums>()
  const projects = new Map<string | null, DimensionPart>()
  const tools = new Map<string, ToolSum>()
  const activity = new Map<string, number>()
  const firstCommitsMs: number[] = []
  const total = emptySums()

  for (const { sums: slice } of slices) {
    for (const [model, { sums, fit, sessions }] of slice.models) {
      const into = entry(models, model, emptyModelPart)
      addSums(into.sums, sums)
      addFit(into.fit, fit)
      into.sessions.push(sessions)
      addSums(total, sums)
    }
    for (const [set, { sums, sessions }] of slice.dimensions) {
      const into = entry(sets, set, () => ({ sums: emptySums(), sessions: [] }))
      addSums(into.sums, sums)
      into.sessions.push(sessions)
    }
    for (const [name, { sums, sessions }] of slice.projects) {
      const into = entry(projects, name, () => ({ sums: emptySums(), sessions: [] }))
      addSums(into.sums, sums)
      into.sessions.push(sessions)
    }
    for (const [cohort, sums] of slice.cohorts) addSums(entry(cohorts, cohort, emptySums), sums)
    for (const tool of slice.tools) tools.set(tool.tool, addedTool(tools.get(tool.tool), tool))
    for (const [name, value] of slice.activity) {
      activity.set(name, (activity.get(name) ?? 0) + value)
    }
    for (const ms of slice.firstCommitsMs) firstCommitsMs.push(ms)
  }
  const tally = tallySessions(slices)

  function partsBy(dimension: keyof Cohort): Part[] {
    const parts = new Map<string | null, { sums: Sums; sessions: number }>()
    const part = (cohort: Cohort) =>
      entry(parts, cohort[dimension], () => ({ sums: emptySums(), sessions: 0 }))
    for (const [cohort, sums] of cohorts) addSums(part(cohort).sums, sums)
    for (const [cohort, count] of tally.cohorts) part(cohort).sessions += count
    return byCost([...parts].map(([name, value]) => ({ name, ...value })))
  }

  /** Each dimension asks for those of every set again, which stand in a list for each slice. */
  const distinctOf = new Map<DimensionPart, Uint32Array>()
  const sessionsOf = (part: DimensionPart): Uint32Array =>
    entry(distinctOf, part, () => tally.distinct(part.sessions))

  function partsOf(parts: ReadonlyMap<string | null, DimensionPart>): Part[] {
    return byCost(
      [...parts].map(([name, part]) => {
        return { name, sums: part.sums, sessions: sessionsOf(part).length }
      }),
    )
  }

  function outside(parts: readonly DimensionPart[]): number {
    return tally.count - tally.countDistinct(parts.map(sessionsOf))
  }

  /** Failed calls alone make no part of their own: nothing that is shown falls to it. */
  function byDimension(dimension: Dimension): Part[] {
    const parts = new Map<string | null, DimensionPart>()
    for (const [set, used] of sets) {
      const { sums } = used
      if (!isSomething(sums)) continue
      const part = entry(parts, set[dimension] ?? null, () => ({ sums: emptySums(), sessions: [] }))
      addSums(part.sums, sums)
      part.sessions.push(sessionsOf(used))
    }
    return byCost(
      [...parts].map(([name, { sums, sessions: lists }]) => {
        // None of these lists names a session twice.
        const [first, second] = lists
        const isOne = first !== undefined && second === undefined
        return { name, sums, sessions: isOne ? first.length : tally.countDistinct(lists) }
      }),
    )
  }

  return {
    sums: total,
    sessions: tally.count,
    models: partsOf(models),
    cacheSavedUsd: savedByAll(models.values()),
    agents: partsBy('agent'),
    projects: partsOf(projects),
    teams: partsBy('team'),
    users: partsBy('user'),
    byDimension,
    outside: {
      models: outside([...models.values()]),
      dimensions: outside([...sets.values()].filter(({ sums }) => isSomething(sums))),
    },
    tools: [...tools.values()].sort((a, b) => b.results - a.results),
    activity: (measure, facet) => {
      if (facet !== undefined) return activity.get(`${measure}|${facet}`) ?? 0
      let sum = 0
      for (const [name, value] of activity) if (name.startsWith(`${measure}|`)) sum += value
      return sum
    },
    delivered: countDelivered(slices.map(({ sums: { delivered } }) => delivered)),
    mostExpensiveSessions: (count) => tally.mostExpensive(count),
    firstCommitsMs,
  }
}

interface DimensionPart {
  readonly sums: Sums
  /** Ids, slice by slice. */
  readonly sessions: Uint32Array[]
}

interface ModelPart extends DimensionPart {
  readonly fit: PriceFit
}

function emptyModelPart(): ModelPart {
  return { sums: emptySums(), fit: emptyFit(), sessions: [] }
}

function savedByAll(models: Iterable<ModelPart>): number | undefined {
  let saved: number | undefined
  for (const { sums, fit } of models) {
    const byModel = savedUsd(sums, fit)
    if (byModel !== undefined) saved = (saved ?? 0) + byModel
  }
  return saved
}

function byCost(parts: readonly Part[]): Part[] {
  return parts.toSorted((a, b) => b.sums.costUsd - a.sums.costUsd)
}

function addedTool(known: ToolSum | undefined, more: ToolSum): ToolSum {
  if (known === undefined) return more
  return {
    tool: more.tool,
    results: known.results + more.results,
    failures: known.failures + more.failures,
    refusals: known.refusals + more.refusals,
    durationMs: known.durationMs + more.durationMs,
  }
}
