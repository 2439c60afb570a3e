/** `sessions`: the stored sessions as a table, filtered and sorted. */
import { type Command, Option } from 'commander'
import { ok } from '../domain/result.ts'
import {
  SESSION_SORTS,
  type SessionListQuery,
  type SessionRow,
} from '../web/contract/session-list.ts'
import type { CliContext } from './context.ts'
import { allSessions } from './find-session.ts'
import { numberBetween } from './number-option.ts'
import { type Data, withData } from './open-data.ts'
import type { Conclude, Outcome } from './outcome.ts'
import { FORMATS, type Format, rowsText } from './row-format.ts'
import {
  addFilterOptions,
  addTimeOptions,
  type FilterOptions,
  filterOf,
  timeZoneOf,
} from './session-filter.ts'
import { sessionFields } from './session-fields.ts'
import { sessionColumns } from './session-table.ts'
import { tableLines } from './table.ts'

interface Options extends FilterOptions {
  readonly search: string
  readonly state: SessionListQuery['state']
  readonly sort: SessionListQuery['sort']
  readonly reverse?: boolean
  readonly limit: number
  readonly json?: boolean
  readonly format: Format
}

const MAX_LIMIT = 100_000

export function addSessions(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('sessions')
    .summary('list sessions')
    .description('Lists sessions, the newest first.')
  addTimeOptions(command, 'only those with something since')
  addFilterOptions(command)
    .option('--search <text>', 'part of an id, title, user, project or prompt', '')
    .addOption(
      new Option('--state <state>', 'only open or closed ones')
        .choices(['any', 'open', 'closed'])
        .default('any'),
    )
    .addOption(
      new Option('--sort <field>', 'the greatest first').choices(SESSION_SORTS).default('last'),
    )
    .option('--reverse', 'the least first')
    .option('-n, --limit <number>', 'how many at most', numberBetween(1, MAX_LIMIT), 20)
    .addOption(new Option('--format <format>', 'how to print').choices(FORMATS).default('table'))
    .option('--json', 'the same as --format json')
    .action((options: Options) =>
      concluded(withData(context, (data) => list(data, context, options))),
    )
}

async function list({ reports }: Data, context: CliContext, options: Options): Promise<Outcome> {
  const { limit, sort, state, search, reverse = false } = options
  const question = {
    ...filterOf(options, context.now()),
    search: search.slice(0, 200),
    sort,
    state,
    order: reverse ? 'asc' : 'desc',
    limit: Math.min(limit, 200),
  } as const
  const rows: SessionRow[] = []
  let isMore = false
  for await (const row of allSessions(reports, question)) {
    isMore = rows.length === limit
    if (isMore) break
    rows.push(row)
  }
  const format = options.json ? 'json' : options.format
  const { stdout } = context
  if (format !== 'table') return ok({ document: rowsText(format, sessionFields, rows) })
  if (rows.length === 0) return ok({ lines: ['No session fits.'] })
  const lines = tableLines(sessionColumns(timeZoneOf(options), !stdout.isInteractive), rows, stdout)
  return ok({ lines: isMore && stdout.isInteractive ? [...lines, moreText(limit)] : lines })
}

function moreText(limit: number): string {
  return `These are ${limit}; -n shows more, --since, --project and others fewer.`
}
