/**
 * `replay`: stored sessions again to Langfuse or another exporter's server, from their raw records
 * through today's mapping.
 *
 * It gives the rows that were delivered, under the same ids; docs/reliability.md says when they may
 * differ. Langfuse shows each observation once in the end (it merges equal ids with equal start times
 * in the background). In another project it makes a copy.
 */
import type { Command } from 'commander'
import type { ItemKind } from '../domain/outbox.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Filter } from '../api/contract/filter.ts'
import type { SessionRow } from '../api/contract/session-list.ts'
import type { CliContext } from './context.ts'
import { countOfText } from '../domain/figure-text.ts'
import { NO_SESSION_NEXT, selectSessions } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import { exporterDestination, langfuseDestination, nameDestinations } from './destination.ts'
import {
  type Conclude,
  failed,
  type Failure,
  misused,
  type Outcome,
  jsonDocument,
} from './outcome.ts'
import { createProgress } from './progress.ts'
import { type ReplayCounts, replayRows } from './replay-run.ts'
import { createReplaySender } from './replay-sender.ts'
import { addressOf, type ReplayTarget, replayTarget, type TargetOptions } from './replay-target.ts'
import { secretOf } from './secret-input.ts'
import {
  addFilterOptions,
  addTimeOptions,
  type FilterOptions,
  filterOf,
  isSelective,
} from './session-filter.ts'

interface Options extends FilterOptions, TargetOptions {
  readonly all?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** What was delivered, or would be, and where to; the address is null where nothing is sent. */
interface Delivered {
  readonly counts: ReplayCounts
  readonly address: string | null
  readonly text: string
}

const NOTE = `
Sends the same traces, observations and scores again, under the same ids. The same project keeps
one copy of each (Langfuse merges them within minutes); another project gets a full copy. Of a
session that is still open, it sends what has been sent so far.

Results differ where the originals were made by another version of claude-telemetry or with
another MAX_CONTENT_LENGTH, HOOK_CONTENT or TAG_ATTRIBUTES. For sessions stored before closings
were recorded (docs/reliability.md), only the last closing is known.

The queue of the bridge is not touched.`

export function addReplay(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('replay')
    .summary('deliver stored sessions again')
    .description(
      'Delivers stored sessions again, from their raw records with the current mapping, to the\n' +
        'configured project, to another one, or to an exporter that was configured later.',
    )
    .argument('[ids...]', 'session ids or unique prefixes')
    .option('--all', 'all stored sessions')
  addFilterOptions(addTimeOptions(command, 'all sessions with activity since'))
    .option(
      '--to <exporter>',
      'langfuse (default), another configured exporter, or a destination of ROUTES_FILE',
    )
    .option('--public-key <key>', 'of another project (or LANGFUSE_PUBLIC_KEY)')
    .option(
      '--secret-key <key>',
      'of another project; - reads it from standard input (or LANGFUSE_SECRET_KEY)',
    )
    .option('--host <url>', 'another Langfuse (or LANGFUSE_HOST)', addressOf)
    .option('--dry-run', 'count what would be sent without sending it')
    .option('--json', 'print the counts as JSON')
    .addHelpText('after', NOTE)
    .action((ids: readonly string[], options: Options) =>
      concluded(selected(context, ids, options)),
    )
}

async function selected(
  context: CliContext,
  ids: readonly string[],
  options: Options,
): Promise<Outcome> {
  const filter = filterOf(options, context.now())
  const { all = false } = options
  if ((ids.length > 0 || isSelective(filter)) === all) {
    return misused('replay takes either sessions (ids, --since, --project, …) or --all')
  }
  return withData(context, (data) => replay(data, context, ids, filter, options))
}

const NOTHING = {
  ...{ sessions: 0, records: 0, observations: 0, scores: 0, open: 0, leftOut: 0 },
  ...{ dryRun: false, address: null },
}

const KINDS_OF_LANGFUSE: readonly ItemKind[] = ['observation', 'score']

async function replay(
  data: Data,
  context: CliContext,
  ids: readonly string[],
  filter: Filter,
  options: Options,
): Promise<Outcome> {
  const { all = false } = options
  const selected = await selectSessions(data.reports, ids, filter)
  if (!selected.ok) return selected
  if (selected.value.length === 0) {
    if (all) {
      if (options.json === true) return ok({ document: jsonDocument(NOTHING) })
      return ok({ lines: ['Nothing to deliver: no session matches.'] })
    }
    return failed('no session matches', NO_SESSION_NEXT)
  }
  const rows = selected.value.filter((row) => isRoutedTo(row, options))
  const elsewhere = selected.value.filter((row) => !isRoutedTo(row, options))
  const others = [...new Set(elsewhere.flatMap(({ route = [] }) => route))].join(', ')
  if (rows.length === 0) {
    return failed(
      `${countOfText(elsewhere.length, 'session')} ${elsewhere.length === 1 ? 'goes' : 'go'} elsewhere: ${others === '' ? 'nowhere' : others}`,
      'Give --to with that name, or another project with --host, --public-key and --secret-key.',
    )
  }
  const done = await (options.dryRun
    ? dryRun(data, context, rows, options)
    : deliver(data, context, rows, options))
  if (!done.ok) return done
  const open = rows.filter(({ isOpen }) => isOpen).length
  const { counts, address, text } = done.value
  if (options.json === true) {
    const { sessions, records, observations, scores } = counts
    const dryRun = options.dryRun === true
    const leftOut = elsewhere.length
    return ok({
      document: jsonDocument({
        ...{ sessions, records, observations, scores, open, leftOut, dryRun, address },
      }),
    })
  }
  const notes =
    open === 0 ? [] : [`Of ${countOfText(open, 'open session')}, only what was sent so far.`]
  const left =
    elsewhere.length === 0
      ? []
      : [`${countOfText(elsewhere.length, 'session')} left out: their routes lead elsewhere.`]
  return ok({ lines: [text, ...notes, ...left] })
}

/** Another project that the command names itself may get any session. */
function isRoutedTo({ route }: SessionRow, options: TargetOptions): boolean {
  const { to = 'langfuse', host, publicKey } = options
  return route === undefined || (host ?? publicKey) !== undefined || route.includes(to)
}

async function dryRun(
  data: Data,
  context: CliContext,
  rows: readonly SessionRow[],
  options: Options,
): Promise<Result<Delivered, Failure>> {
  let kinds: readonly ItemKind[] = KINDS_OF_LANGFUSE
  if (namesTarget(data, options)) {
    const target = await targetOf(data, context, options)
    if (!target.ok) return target
    kinds = target.value.definition.kinds
  }
  const progress = createProgress(context.stderr)
  const nobody = { kinds, take: async () => ok(undefined), finish: async () => ok(undefined) }
  const counts = await replayRows(data, rows, progress, nobody)
  progress.clear()
  if (!counts.ok) return failed(counts.error)
  const text = `Would deliver ${countsText(counts.value, kinds)}.`
  return ok({ counts: counts.value, address: null, text })
}

/** Counting what Langfuse would get needs no keys. */
function namesTarget({ config }: Data, { to, host, publicKey, secretKey }: Options): boolean {
  return (
    config.langfuse !== undefined || [to, host, publicKey, secretKey].some((it) => it !== undefined)
  )
}

/** Delivers stored sessions; says where to, and resolves to what was delivered. */
export async function deliver(
  data: Data,
  context: CliContext,
  rows: readonly SessionRow[],
  options: Options,
): Promise<Result<Delivered, Failure>> {
  const target = await targetOf(data, context, options)
  if (!target.ok) return target
  const { definition, exporter } = target.value
  const { address } = exporter
  // Standard output is for the document alone.
  nameDestinations(options.json === true ? context.stderr : context.stdout, [
    definition.name === 'langfuse'
      ? langfuseDestination(address, context, options)
      : exporterDestination(definition, address, context),
  ])
  const sender = createReplaySender(exporter)
  const progress = createProgress(context.stderr)
  try {
    const counts = await replayRows(data, rows, progress, sender)
    progress.clear()
    if (!counts.ok) {
      return failed(
        `${address} did not accept everything: ${counts.error}`,
        'Run it again; nothing is duplicated.',
      )
    }
    const { items, reasons } = sender.refused()
    if (items === 0) {
      const text = `Delivered ${countsText(counts.value, definition.kinds)} to ${address}.`
      return ok({ counts: counts.value, address, text })
    }
    return failed(
      `${countOfText(items, 'item')} of ${countsText(counts.value, definition.kinds)} were refused: ${reasons.join('; ')}`,
    )
  } finally {
    progress.clear()
    await sender.stop()
  }
}

/** The same for a dry run as for a real one, so that both fail alike. */
async function targetOf(
  { config }: Data,
  context: CliContext,
  options: Options,
): Promise<Result<ReplayTarget, Failure>> {
  const secretKey = await secretOf(options.secretKey, '--secret-key', context.readSecret)
  if (!secretKey.ok) return secretKey
  const project = {
    ...options,
    ...(secretKey.value !== undefined && { secretKey: secretKey.value }),
  }
  const { productVersion } = context
  return replayTarget(config, project, { productVersion, now: () => context.now() })
}

function countsText(
  { sessions, records, observations, scores }: ReplayCounts,
  kinds: readonly ItemKind[],
): string {
  const takesScores = kinds.includes('score')
  return (
    countOfText(observations, 'observation') +
    (takesScores ? ` and ${countOfText(scores, 'score')} ` : ' ') +
    `from ${countOfText(records, 'record')} of ${countOfText(sessions, 'session')}`
  )
}
