/** What agents gave for what they cost, by what the user assumes a commit, a line or a pull request is worth. Pure. */
import { roundUsd } from '../domain/exact-sum.ts'

/** What the user assumes; nothing is assumed for them. */
export interface RoiAssumptions {
  /** Minutes that each of these saved a person; absent where the user says nothing of the value. */
  readonly saved?: { readonly unit: RoiUnit; readonly minutes: number }
  /** US dollars of an hour of a person's work. */
  readonly hourlyUsd?: number
  /** US dollars that a month of the plan costs, for everybody together; without it, calls cost their price. */
  readonly planUsd?: number
}

export const ROI_UNITS = ['line', 'commit', 'pull_request'] as const
export type RoiUnit = (typeof ROI_UNITS)[number]

export interface RoiFigures {
  readonly fromMs: number
  readonly toMs: number
  /** Null where no call has a known cost. */
  readonly costUsd: number | null
  /** Calls in the range whose cost is unknown. */
  readonly unpricedCalls: number
  readonly commits: number
  readonly pullRequests: number
  /** Lines that were added with the user's consent. */
  readonly linesAccepted: number
}

/** US dollars; null is what cannot be said. */
export interface Roi {
  /** What was paid: the plan's share of the range, or the cost of the calls. */
  readonly paidUsd: number | null
  /** Calls that this does not have in it. */
  readonly unpricedCalls: number
  readonly perCommitUsd: number | null
  readonly perPullRequestUsd: number | null
  readonly perThousandLinesUsd: number | null
  readonly hoursSaved: number | null
  readonly valueUsd: number | null
  readonly netUsd: number | null
}

/** A month on average: 365.25 days divided by twelve. */
const MONTH_MS = 30.4375 * 86_400_000

export function roiOf(figures: RoiFigures, { saved, hourlyUsd, planUsd }: RoiAssumptions): Roi {
  const { fromMs, toMs, costUsd, commits, pullRequests, linesAccepted } = figures
  const months = (toMs - fromMs) / MONTH_MS
  const paidUsd = planUsd === undefined ? costUsd : roundUsd(planUsd * months)
  const per = (count: number): number | null =>
    paidUsd === null || count === 0 ? null : roundUsd(paidUsd / count)
  const counts = { line: linesAccepted, commit: commits, pull_request: pullRequests }
  const hoursSaved = saved === undefined ? null : (counts[saved.unit] * saved.minutes) / 60
  const valueUsd =
    hoursSaved === null || hourlyUsd === undefined ? null : roundUsd(hoursSaved * hourlyUsd)
  return {
    paidUsd,
    unpricedCalls: planUsd === undefined ? figures.unpricedCalls : 0,
    perCommitUsd: per(commits),
    perPullRequestUsd: per(pullRequests),
    perThousandLinesUsd: per(linesAccepted / 1000),
    hoursSaved,
    valueUsd,
    netUsd: valueUsd === null || paidUsd === null ? null : roundUsd(valueUsd - paidUsd),
  }
}
