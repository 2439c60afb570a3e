/**
 * How many commits and pull requests came of sessions. Their work and their metrics tell of the same ones,
 * each perhaps of a part: of a session the larger number counts, never the sum. Pure.
 */
import type { WorkOfSession } from '../storage/store-reader.ts'
import type { MadeSum, Span } from '../storage/usage-slice.ts'

/** What one session made, as each source counts it. */
export interface Delivered {
  readonly commits: Sources
  readonly pullRequests: Sources
}

interface Sources {
  work: number
  metrics: number
}

export interface DeliveredCounts {
  readonly commits: number
  readonly pullRequests: number
}

/** When each was first told of, epoch ms; what several stretches came to is one. */
export interface ResultTimes {
  readonly commitsMs: readonly number[]
  readonly pullRequestsMs: readonly number[]
}

/** Of the stretches of one session. */
export function resultTimes(
  work: readonly Pick<WorkOfSession, 'commit' | 'pullRequest'>[],
): ResultTimes {
  const commits = new Map<string, number>()
  const pullRequests = new Map<string, number>()
  for (const { commit, pullRequest } of work) {
    for (const [times, one] of [
      [commits, commit],
      [pullRequests, pullRequest],
    ] as const) {
      if (one !== undefined)
        times.set(one.name, Math.min(times.get(one.name) ?? one.atMs, one.atMs))
    }
  }
  return { commitsMs: [...commits.values()], pullRequestsMs: [...pullRequests.values()] }
}

/** What the sessions made within a span. */
export function deliveredIn(
  { fromMs, toMs }: Span,
  metrics: readonly MadeSum[],
  results: ReadonlyMap<number, ResultTimes>,
): ReadonlyMap<number, Delivered> {
  const delivered = new Map<number, Delivered>()
  const of = (session: number): Delivered => {
    const known = delivered.get(session) ?? nothing()
    delivered.set(session, known)
    return known
  }
  for (const { session, measure, value } of metrics) {
    if (measure === 'commits') of(session).commits.metrics += value
    if (measure === 'pull_requests') of(session).pullRequests.metrics += value
  }
  const within = (times: readonly number[]): number =>
    times.filter((ms) => ms >= fromMs && ms < toMs).length
  for (const [session, { commitsMs, pullRequestsMs }] of results) {
    const [commits, pullRequests] = [within(commitsMs), within(pullRequestsMs)]
    if (commits + pullRequests === 0) continue
    of(session).commits.work += commits
    of(session).pullRequests.work += pullRequests
  }
  return delivered
}

/** Of all sessions, over slices of a range: a metric may arrive in the slice after its commit. */
export function countDelivered(slices: readonly ReadonlyMap<number, Delivered>[]): DeliveredCounts {
  /** Of one slice alone as they are, which most are. */
  const sessions = new Map<number, Delivered>()
  const added = new Set<Delivered>()
  for (const slice of slices) {
    for (const [session, one] of slice) {
      const known = sessions.get(session)
      if (known === undefined) {
        sessions.set(session, one)
        continue
      }
      const { commits, pullRequests } = one
      const all = added.has(known) ? known : copyOf(known)
      added.add(all)
      sessions.set(session, all)
      all.commits.work += commits.work
      all.commits.metrics += commits.metrics
      all.pullRequests.work += pullRequests.work
      all.pullRequests.metrics += pullRequests.metrics
    }
  }
  const counts = { commits: 0, pullRequests: 0 }
  for (const { commits, pullRequests } of sessions.values()) {
    counts.commits += largerOf(commits)
    counts.pullRequests += largerOf(pullRequests)
  }
  return counts
}

function largerOf({ work, metrics }: Sources): number {
  return Math.max(work, metrics)
}

function copyOf({ commits, pullRequests }: Delivered): Delivered {
  return { commits: { ...commits }, pullRequests: { ...pullRequests } }
}

function nothing(): Delivered {
  return { commits: { work: 0, metrics: 0 }, pullRequests: { work: 0, metrics: 0 } }
}
