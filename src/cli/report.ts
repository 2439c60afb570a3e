/** `report`: what agents cost and did over days, weeks or months; one line in cron mails it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { err, ok, type Result } from '../domain/result.ts'
import { ROI_UNITS, type RoiAssumptions, type RoiUnit } from '../reports/roi.ts'
import type { CliContext } from './context.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, misused, type Outcome } from './outcome.ts'
import {
  addFormatOptions,
  addLimitOptions,
  formatOf,
  type FormatOptions,
  type LimitOptions,
} from './output-options.ts'
import { GROUPS_SYNTAX, type UsageGroup, usageGroupsOf } from '../domain/usage-group.ts'
import { PERIODS, type Period, reportData } from './report-data.ts'
import { reportIn } from './report-text.ts'
import {
  addFilterOptions,
  addTimeOptions,
  type FilterOptions,
  filterOf,
  timeZoneOf,
} from './session-filter.ts'
import { dayStart } from './zoned-time.ts'

interface Options extends FilterOptions, LimitOptions, FormatOptions {
  readonly by: Period
  readonly group?: readonly UsageGroup[]
  readonly roi?: boolean
  readonly roiMinutesPerLine?: number
  readonly roiMinutesPerCommit?: number
  readonly roiMinutesPerPr?: number
  readonly roiHourlyRate?: number
  readonly roiPlanPrice?: number
}

/** How far back a report goes by itself: a week of days, two months of weeks, a year of months. */
const DEFAULT_DAYS: Readonly<Record<Period, number>> = { day: 6, week: 55, month: 364 }

const EXAMPLE = `
Example of a daily mail: 0 7 * * * claude-telemetry report --since yesterday --until today --group user | mail -s Agents team@example.com`

export function addReport(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('report')
    .summary('report by day, week or month')
    .description(
      'Sums up what agents cost and did: totals by period, optionally split; tools, the most\n' +
        'expensive sessions, and at most three tips.',
    )
    .addOption(new Option('--by <period>', 'period of a row').choices(PERIODS).default('day'))
    .addOption(
      new Option('--group <what>', `split each row by ${GROUPS_SYNTAX}`).argParser(groupsIn),
    )
  addFilterOptions(addTimeOptions(command, 'start of the range'))
  command
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
  addLimitOptions(command, '20 names per row, 10 tools and sessions; all as JSON or CSV')
  addFormatOptions(command)
    .addHelpText('after', EXAMPLE)
    .action((options: Options) =>
      concluded(withData(context, (data) => report(data, context, options))),
    )
}

async function report(data: Data, context: CliContext, options: Options): Promise<Outcome> {
  const { by: period, group: groups = [], until } = options
  const assumed = assumptionsOf(options)
  if (!assumed.ok) return misused(assumed.error)
  const nowMs = context.now()
  const timeZone = timeZoneOf(options)
  const fromMs = dayStart(nowMs, timeZone, -DEFAULT_DAYS[period])
  const filter = filterOf(options, nowMs, until === undefined ? fromMs : undefined)
  const asked = { period, groups, timeZone, filter, nowMs, ticketOf: data.ticketOf }
  const figures = await reportData(data.reader, asked)
  // What is wrong is always the range that was asked for.
  if (!figures.ok) return misused(figures.error)
  const { overview, fromMs: from, toMs } = figures.value
  const { costUsd, unpricedCalls, commits, pullRequests, linesAdded } = overview.totals
  const used = { costUsd, unpricedCalls, commits, pullRequests, linesAccepted: linesAdded }
  const span = { fromMs: from, toMs: Math.min(toMs, nowMs) }
  const returned = assumed.value && { assumed: assumed.value, figures: { ...used, ...span } }
  return ok(reportIn(formatOf(options), figures.value, options, context.stdout, returned))
}

/** Undefined where no return was asked for; the error says which options do not go together. */
function assumptionsOf(options: Options): Result<RoiAssumptions | undefined, string> {
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

function groupsIn(list: string): readonly UsageGroup[] {
  const groups = usageGroupsOf(list)
  if (groups === undefined) throw new InvalidArgumentError(`Expected ${GROUPS_SYNTAX}.`)
  return groups
}
