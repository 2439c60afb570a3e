/** `report`: what agents cost and did over days, weeks or months, printed or sent. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ok } from '../domain/result.ts'
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
import {
  GROUPS_SYNTAX,
  USAGE_GROUPS,
  type UsageGroup,
  usageGroupsOf,
} from '../domain/usage-group.ts'
import { PERIODS, type Period, type ReportData, reportData } from './report-data.ts'
import { addSendingOptions, isSent, type SendingOptions, sendReport } from './report-sending.ts'
import { reportIn, titleOf } from './report-text.ts'
import { addRoiOptions, assumptionsOf, roiFigures, type RoiOptions } from './roi-options.ts'
import {
  addFilterOptions,
  addTimeOptions,
  type FilterOptions,
  filterOf,
  timeZoneOf,
} from './session-filter.ts'
import { createTerminal } from './terminal.ts'
import { dayStart } from '../reports/time-text.ts'

interface Options extends FilterOptions, LimitOptions, FormatOptions, SendingOptions, RoiOptions {
  readonly waste: boolean
  readonly by: Period
  readonly group?: readonly UsageGroup[]
}

/** How far back a report goes by itself: a week of days, two months of weeks, a year of months. */
const DEFAULT_DAYS: Readonly<Record<Period, number>> = { day: 6, week: 55, month: 364 }

const EXAMPLE = `
Example of a daily mail: 0 7 * * * claude-telemetry report --since yesterday --until today --team red --group user --mail red@example.com`

export function addReport(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('report')
    .summary('report by day, week or month')
    .description(
      'Sums up what agents cost and did: totals by period, optionally split; tools, the most\n' +
        'expensive sessions, what these wasted, and at most three tips.',
    )
    .addOption(new Option('--by <period>', 'period of a row').choices(PERIODS).default('day'))
    .addOption(
      new Option(
        '--group <what>',
        'split each row by one or two, such as project,model, or by resource:<key>',
      )
        .choices(USAGE_GROUPS.map(({ name }) => name))
        .argParser(groupsIn),
    )
  addFilterOptions(addTimeOptions(command, 'start of the range'))
  command.option('--no-waste', 'leave out what sessions wasted, which takes some seconds')
  addRoiOptions(command)
  addLimitOptions(command, '20 names per row, 10 tools and sessions; all as JSON or CSV')
  addSendingOptions(addFormatOptions(command))
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
  const figures = await reportData(data, asked)
  // What is wrong is always the range that was asked for.
  if (!figures.ok) return misused(figures.error)
  const terminal = isSent(options) ? createTerminal({ write: () => {} }, {}) : context.stdout
  const returned = assumed.value && {
    assumed: assumed.value,
    figures: roiFigures(figures.value, nowMs),
  }
  const format = formatOf(options)
  const waste =
    options.waste && format !== 'csv'
      ? await data.reports.wasteInRange({ ...filter, ...rangeIn(figures.value), tz: timeZone })
      : undefined
  const told = reportIn(format, { ...figures.value, waste }, options, terminal, returned)
  if (!isSent(options)) return ok(told)
  const whom = [options.user, options.team].flatMap((name) => name ?? [])
  const title = [titleOf(figures.value), ...whom].join(', ')
  return sendReport(told, title, { config: data.config, context, options })
}

/** As it is printed. */
function rangeIn({ fromMs, toMs }: ReportData) {
  return { from: fromMs, to: toMs }
}

function groupsIn(list: string): readonly UsageGroup[] {
  const groups = usageGroupsOf(list)
  if (groups === undefined) throw new InvalidArgumentError(`Expected ${GROUPS_SYNTAX}.`)
  return groups
}
