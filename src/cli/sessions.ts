/** `sessions`: the stored sessions as a table, filtered and sorted. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ok } from '../domain/result.ts'
import {
  MAX_SEARCH_LENGTH,
  NAME_SORTS,
  SESSION_SORTS,
  type SessionListQuery,
  type SessionRow,
} from '../api/contract/session-list.ts'
import type { CliContext } from './context.ts'
import { countOfText } from '../domain/figure-text.ts'
import { sessionPages } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import type { Conclude, Outcome } from './outcome.ts'
import {
  addFormatOptions,
  addLimitOptions,
  formatOf,
  type FormatOptions,
  isForPrograms,
  limitOf,
  type LimitOptions,
} from './output-options.ts'
import { rowsText } from './row-format.ts'
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

interface Options extends FilterOptions, LimitOptions, FormatOptions {
  readonly search: string
  readonly state: SessionListQuery['state']
  readonly sort: SessionListQuery['sort']
  readonly reverse?: boolean
}

/** Of a list for a person; programs get all. */
const USUAL_LIMIT = 20
/** Read at once. */
const PAGE = 20_000

export function addSessions(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('sessions')
    .summary('list sessions')
    .description('Lists sessions, newest first.')
  addTimeOptions(command, 'only sessions with activity since')
  addFilterOptions(command)
    .option(
      '--search <text>',
      'words of titles, prompts, tools, files, models, errors, attributes or ids; "a phrase"',
      searchOf,
      '',
    )
    .addOption(
      new Option('--state <state>', 'only open or closed ones')
        .choices(['any', 'open', 'closed'])
        .default('any'),
    )
    .addOption(
      new Option('--sort <field>', 'sort field, highest first; names from A to Z')
        .choices(SESSION_SORTS)
        .default('last'),
    )
    .option('--reverse', 'the other way round')
  addLimitOptions(command, `${USUAL_LIMIT}; all as JSON or CSV`)
  addFormatOptions(command).action((options: Options) =>
    concluded(withData(context, (data) => list(data, context, options))),
  )
}

function searchOf(text: string): string {
  if (text.trim().length <= MAX_SEARCH_LENGTH) return text
  throw new InvalidArgumentError(`Expected at most ${MAX_SEARCH_LENGTH} characters.`)
}

async function list({ reports }: Data, context: CliContext, options: Options): Promise<Outcome> {
  const { sort, state, search, reverse = false } = options
  const format = formatOf(options)
  const limit = limitOf(options, format, USUAL_LIMIT)
  const question = {
    ...filterOf(options, context.now()),
    search,
    sort,
    state,
    order: NAME_SORTS.has(sort) === reverse ? 'desc' : 'asc',
    limit: Math.min(limit, PAGE),
  } as const
  const rows: SessionRow[] = []
  let total = 0
  let isIndexing = false
  for await (const page of sessionPages(reports, question)) {
    rows.push(...page.sessions.slice(0, limit - rows.length))
    total = page.total
    isIndexing = page.isIndexing === true
    if (rows.length >= limit) break
  }
  const { stdout, stderr } = context
  if (isIndexing) {
    stderr.print(['Stored records are still being indexed: the search may miss some.'])
  }
  const more =
    total > rows.length ? [`${rows.length} of ${total} sessions; --limit N or --all`] : []
  if (format !== 'table') {
    const document = rowsText(format, sessionFields, rows)
    return ok({ document: isForPrograms(format) ? document : [document, ...more].join('\n\n') })
  }
  if (rows.length === 0) return ok({ lines: ['No session matches.'] })
  if (more.length === 0 && stdout.isInteractive) more.push(countOfText(total, 'session'))
  const columns = sessionColumns(rows, timeZoneOf(options), !stdout.isInteractive)
  return ok({ lines: [...tableLines(columns, rows, stdout), ...more] })
}
