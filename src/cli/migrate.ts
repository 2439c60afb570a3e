/** `migrate`: moves what a data folder holds into PostgreSQL. */
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { ok } from '../domain/result.ts'
import {
  isEqual,
  type Moved,
  type MovedFigure,
  type MovePlace,
  type MoveSource,
  moveStore,
  type MoveTarget,
} from '../storage/move.ts'
import { explainMove, openMoveSource, openMoveTarget } from '../storage/beside.ts'
import type { CliContext } from './context.ts'
import { dataDestination, nameDestinations, originOf } from './destination.ts'
import {
  type Conclude,
  EXIT_PROBLEM,
  failed,
  jsonDocument,
  misused,
  type Outcome,
} from './outcome.ts'
import { plainLine } from './plain-text.ts'
import { createProgress } from './progress.ts'
import { readConfig } from './read-config.ts'
import { type Column, tableLines } from './table.ts'
import { styled } from './terminal.ts'

interface Options {
  readonly to?: string
  readonly json?: boolean
}

const NOTE = `
Every user of the machine can read a password on a command line. Set DATABASE_URL, or DATABASE_URL_FILE to a
file with the address, and leave out --to; or leave the password out of the address and set PGPASSWORD.

The database must be empty; the user needs the right to create tables in it. No bridge may be running:
the data folder is only read, so records that arrive in the meantime would be missing. If the command is
interrupted, run it again: it continues where it stopped, or starts over if the data folder has changed
in between. No bridge starts on the database until everything is there and counts and sums agree.

The data folder stays as it is. From then on, a bridge with DATABASE_URL uses the sessions in PostgreSQL,
and delivers pending items.`

const PASSWORD_SHOWN =
  ' --to has a password in it, which every user of this machine can read in its list of processes. Set DATABASE_URL instead, and leave out --to'

const AGAIN = 'Run it again: it continues where it stopped.'

export function addMigrate(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('migrate')
    .summary('move the stored data to PostgreSQL')
    .description('Copies everything that the data folder holds into a PostgreSQL database.')
    .option('--to <url>', 'the database: postgres://user@host:port/name (default: DATABASE_URL)')
    .option('--json', 'print the counts and sums as JSON')
    .addHelpText('after', NOTE)
    .action((options: Options) => concluded(migrate(context, options)))
}

async function migrate(context: CliContext, options: Options): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const to = options.to ?? config.value.database?.url
  if (to === undefined) {
    return misused(
      'migrate needs the address of a database: DATABASE_URL, or --to',
      'As in DATABASE_URL=postgres://user:password@host:5432/name',
    )
  }
  if (!isPostgresUrl(to)) {
    return misused('--to is not a PostgreSQL address', 'As in postgres://user@host:5432/name')
  }
  if (options.to !== undefined && new URL(to).password !== '') {
    context.stderr.print([[styled('yellow', 'claude-telemetry:'), PASSWORD_SHOWN]])
  }
  const source = await openMoveSource(config.value.dataDir)
  if (!source.ok) {
    const next =
      source.error.reason === 'in_use' ? 'Stop the bridge, then run this again.' : undefined
    return failed(source.error.message, next)
  }
  try {
    return await moveFrom(source.value, context, config.value, {
      to,
      isGiven: options.to !== undefined,
      json: options.json ?? false,
    })
  } catch (error) {
    const expected = await explainMove(error, to)
    if (expected === undefined) throw error
    return failed(expected, AGAIN)
  } finally {
    source.value.close()
  }
}

async function moveFrom(
  source: MoveSource,
  context: CliContext,
  config: Config,
  { to, isGiven, json }: { readonly to: string; readonly isGiven: boolean; readonly json: boolean },
): Promise<Outcome> {
  const target = await openMoveTarget(to, source)
  if (!target.ok) return failed(target.error)
  if (!json) {
    const from = isGiven ? '--to' : originOf(context, 'DATABASE_URL')
    const database = { what: 'To', where: to, from }
    nameDestinations(context.stdout, [
      dataDestination({ dataDir: config.dataDir }, context),
      database,
    ])
  }
  try {
    return await move(source, target.value, context, json)
  } finally {
    await target.value.close()
  }
}

async function move(
  source: MoveSource,
  target: MoveTarget,
  context: CliContext,
  json: boolean,
): Promise<Outcome> {
  const progress = createProgress(context.stderr)
  const moved = await moveStore(source, target, (place, sessions) => {
    progress.show(sessions, source.sessions, wordsOf(place, sessions, source.sessions))
  }).finally(() => progress.clear())
  const { figures, wasDone, leftBehind } = moved.ok ? moved.value : moved.error
  const exitCode = moved.ok ? undefined : EXIT_PROBLEM
  if (json) {
    const document = jsonDocument({ equal: moved.ok, alreadyDone: wasDone, figures, leftBehind })
    return ok({ document, ...(exitCode !== undefined && { exitCode }) })
  }
  if (wasDone && !moved.ok) {
    return ok({ lines: changeLines(leftBehind), exitCode: EXIT_PROBLEM })
  }
  if (wasDone) {
    return ok({ lines: ['This data folder has already been moved there. Nothing was changed.'] })
  }
  const lines = ['', ...tableLines(COLUMNS, figures, context.stdout), '']
  if (moved.ok) {
    return ok({
      lines: [
        ...lines,
        'Everything was moved, and counts and sums agree.',
        'Set DATABASE_URL to the address, and start the bridge.',
      ],
    })
  }
  return ok({ lines: [...lines, differenceLine(moved.error)], exitCode: EXIT_PROBLEM })
}

const MAX_NAMED = 20

function changeLines(leftBehind: readonly string[]): readonly string[] {
  const moved = 'This data folder has already been moved there, and has changed since'
  const nothing = 'Nothing was moved now: PostgreSQL may have gone on as well.'
  if (leftBehind.length === 0) {
    return [`${moved}, though no session has: see its keys and budgets. ${nothing}`]
  }
  const more = leftBehind.length - MAX_NAMED
  return [
    `${moved}. Sessions whose newest records are not in PostgreSQL: ${leftBehind.length}`,
    ...leftBehind.slice(0, MAX_NAMED).map((key) => `  ${plainLine(key)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    nothing,
    'Start no bridge on the folder again. What it holds beyond the move is read with DATABASE_URL unset.',
  ]
}

function wordsOf({ stage }: MovePlace, done: number, sessions: number): string {
  switch (stage) {
    case 'references':
    case 'sessions':
      return `${done} of ${sessions} sessions`
    case 'outbox':
      return 'pending deliveries'
    default:
      return 'counting'
  }
}

const COLUMNS: readonly Column<MovedFigure>[] = [
  { title: 'WHAT', text: ({ name }) => name },
  { title: 'DATA FOLDER', align: 'right', text: ({ source }) => String(source) },
  { title: 'POSTGRESQL', align: 'right', text: ({ target }) => String(target) },
  {
    title: '',
    text: (figure) => (isEqual(figure) ? 'equal' : 'DIFFERS'),
    colour: (figure) => (isEqual(figure) ? 'green' : 'red'),
  },
]

function differenceLine({ figures }: Moved): string {
  const names = figures.filter((figure) => !isEqual(figure)).map(({ name }) => name)
  return `The database differs from the data folder (${names.join(', ')}): no bridge starts on it. Empty it, run this again, and report this as a bug.`
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)
}
