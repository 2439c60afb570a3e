/** `report --roi`: what the user assumes, and the figures of a report that it applies to. */
import { type Command, InvalidArgumentError } from 'commander'
import { err, ok, type Result } from '../domain/result.ts'
import { ROI_UNITS, type RoiAssumptions, type RoiFigures, type RoiUnit } from '../reports/roi.ts'
import type { ReportData } from './report-data.ts'

export interface RoiOptions {
  readonly roi?: boolean
  readonly roiMinutesPerLine?: number
  readonly roiMinutesPerCommit?: number
  readonly roiMinutesPerPr?: number
  readonly roiHourlyRate?: number
  readonly roiPlanPrice?: number
}

export function addRoiOptions(command: Command): Command {
  return command
    .option('--roi', 'add the return: what a commit, a pull request and 1,000 lines cost')
    .option('--roi-minutes-per-commit <minutes>', 'assume that a commit saves this', amount)
    .option('--roi-minutes-per-pr <minutes>', 'assume that a pull request saves this', amount)
    .option('--roi-minutes-per-line <minutes>', 'assume that an accepted line saves this', amount)
    .option('--roi-hourly-rate <usd>', 'assume that an hour of work costs this', amount)
    .option(
      '--roi-plan-price <usd>',
      'what all plans cost a month, in place of prices of calls',
      amount,
    )
}

/** Up to now: a plan is paid for no time to come. */
export function roiFigures({ overview, fromMs, toMs }: ReportData, nowMs: number): RoiFigures {
  const { costUsd, unpricedCalls, commits, pullRequests, linesAdded } = overview.totals
  const used = { costUsd, unpricedCalls, commits, pullRequests, linesAccepted: linesAdded }
  return { ...used, fromMs, toMs: Math.max(fromMs, Math.min(toMs, nowMs)) }
}

/** Undefined where no return was asked for; the error says which options do not go together. */
export function assumptionsOf(options: RoiOptions): Result<RoiAssumptions | undefined, string> {
  const { roiMinutesPerLine, roiMinutesPerCommit, roiMinutesPerPr } = options
  const { roi = false, roiHourlyRate: hourlyUsd, roiPlanPrice: planUsd } = options
  const minutes: Readonly<Record<RoiUnit, number | undefined>> = {
    line: roiMinutesPerLine,
    commit: roiMinutesPerCommit,
    pull_request: roiMinutesPerPr,
  }
  const saved = ROI_UNITS.flatMap((unit) => {
    const each = minutes[unit]
    return each === undefined ? [] : [{ unit, minutes: each }]
  })
  if (saved.length > 1) {
    return err(
      'minutes are saved per line, commit or pull request: the same work would count twice',
    )
  }
  const [basis] = saved
  if (!roi && basis === undefined && hourlyUsd === undefined && planUsd === undefined) {
    return ok(undefined)
  }
  if (hourlyUsd !== undefined && basis === undefined) {
    return err(
      '--roi-hourly-rate needs what is saved: --roi-minutes-per-commit, -per-pr or -per-line',
    )
  }
  return ok({
    ...(basis !== undefined && { saved: basis }),
    ...(hourlyUsd !== undefined && { hourlyUsd }),
    ...(planUsd !== undefined && { planUsd }),
  })
}

/** Minutes or US dollars, with a fraction. */
function amount(text: string): number {
  const value = /^\d{1,7}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (value > 0) return value
  throw new InvalidArgumentError('Expected a number above 0, such as 15 or 0.5.')
}
