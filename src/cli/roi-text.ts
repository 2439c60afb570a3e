/** The return as a person reads it, with the assumptions that it is made of. Pure. */
import { usdText } from '../domain/usd-text.ts'
import type { Roi, RoiAssumptions, RoiFigures, RoiUnit } from '../reports/roi.ts'
import { countOfText } from '../domain/figure-text.ts'

export const ROI_TITLE = 'Return'

/** Names of the units, one and many. */
const units: Readonly<Record<RoiUnit, readonly [one: string, many: string]>> = {
  line: ['accepted line', 'accepted lines'],
  commit: ['commit', 'commits'],
  pull_request: ['pull request', 'pull requests'],
}

export type RoiFact = readonly [label: string, text: string]

export function roiFacts(
  roi: Roi,
  figures: RoiFigures,
  assumed: RoiAssumptions,
): readonly RoiFact[] {
  const { paidUsd, unpricedCalls, hoursSaved, valueUsd, netUsd } = roi
  const { commits, pullRequests, linesAccepted } = figures
  const per = (usd: number | null, count: number, unit: RoiUnit): string =>
    `${usd === null ? '–' : usdText(usd)} (${countOfText(count, ...units[unit])})`
  const { saved, hourlyUsd, planUsd } = assumed
  const unpriced =
    unpricedCalls === 0 ? '' : `, without ${countOfText(unpricedCalls, 'call')} of unknown cost`
  const paid = paidUsd === null ? 'unknown' : usdText(paidUsd)
  const basis = planUsd === undefined ? `calls at their price${unpriced}` : 'share of the plan'
  return [
    ['Paid', `${paid} (${basis})`],
    ['Per commit', per(roi.perCommitUsd, commits, 'commit')],
    ['Per pull request', per(roi.perPullRequestUsd, pullRequests, 'pull_request')],
    ['Per 1,000 lines', per(roi.perThousandLinesUsd, linesAccepted, 'line')],
    ...optional('Hours saved', hoursSaved, (hours) => hoursText(hours)),
    ...optional('Value', valueUsd, usdText),
    ...optional('Net', netUsd, usdText),
    ['Assumed', assumptionsText({ ...(saved && { saved }), hourlyUsd, planUsd })],
  ]
}

function optional(
  label: string,
  value: number | null,
  text: (value: number) => string,
): readonly RoiFact[] {
  return value === null ? [] : [[label, text(value)]]
}

function hoursText(hours: number): string {
  return hours.toLocaleString('en-US', { maximumFractionDigits: 1 })
}

function assumptionsText({
  saved,
  hourlyUsd,
  planUsd,
}: {
  readonly saved?: RoiAssumptions['saved']
  readonly hourlyUsd: number | undefined
  readonly planUsd: number | undefined
}): string {
  const parts = [
    saved && `${saved.minutes} minutes saved per ${units[saved.unit][0]}`,
    hourlyUsd === undefined ? undefined : `${usdText(hourlyUsd)} an hour`,
    planUsd === undefined ? undefined : `a plan of ${usdText(planUsd)} a month`,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? 'nothing (see the options that begin with --roi)' : parts.join(', ')
}
