/** `prune`: retention now, instead of once a day. */
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { dataDestination, nameDestinations } from './destination.ts'
import { countOfText } from '../domain/figure-text.ts'
import { numberBetween } from './number-option.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, type Failure, jsonDocument, type Outcome } from './outcome.ts'
import { createProgress } from './progress.ts'
import { openSessionRemover } from './session-remover.ts'
import { dateTimeText } from './zoned-time.ts'

interface Options {
  readonly olderThan?: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

const DAY_MS = 86_400_000
const MAX_DAYS = 36_500

export function addPrune(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('prune')
    .summary('delete old sessions now')
    .description(
      'Deletes closed sessions that were last written more than RETENTION_DAYS ago, as the bridge does\n' +
        'once a day. An import counts as writing. Sessions with data still queued for Langfuse are kept.',
    )
    .option(
      '--older-than <days>',
      'delete sessions last written longer ago than this instead',
      numberBetween(0, MAX_DAYS),
    )
    .option('--dry-run', 'count them without deleting anything')
    .option('--json', 'print the counts as JSON')
    .action((options: Options) =>
      concluded(withData(context, (data) => prune(data, context, options))),
    )
}

async function prune(data: Data, context: CliContext, options: Options): Promise<Outcome> {
  const { config, reader } = data
  const ageMs = options.olderThan === undefined ? config.retentionMs : options.olderThan * DAY_MS
  if (options.olderThan === undefined && ageMs === 0) {
    return failed('RETENTION_DAYS is 0: everything is kept', 'Pass --older-than DAYS.')
  }
  const beforeMs = context.now() - ageMs
  const waiting = await reader.waiting.keys()
  const written = await reader.lists.writtenBefore(beforeMs)
  const old = written.filter((key) => !waiting.has(key))
  const kept = written.length - old.length
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const what = `${countOfText(old.length, 'closed session')} from before ${dateTimeText(beforeMs, timeZone)}`
  const stay =
    kept === 0
      ? ''
      : ` ${countOfText(kept, 'session')} of that age with data queued for Langfuse are kept.`
  const { dryRun = false, json = false } = options
  const counted = (deleted: number) => ({
    document: jsonDocument({
      before: new Date(beforeMs).toISOString(),
      old: old.length,
      deleted,
      kept,
    }),
  })
  if (dryRun) return ok(json ? counted(0) : { lines: [`Would delete ${what}.${stay}`] })
  if (old.length === 0 && json) return ok(counted(0))
  if (old.length === 0)
    return ok({
      lines: [
        `There are no closed sessions from before ${dateTimeText(beforeMs, timeZone)}.${stay}`,
      ],
    })
  nameDestinations(json ? context.stderr : context.stdout, [dataDestination(config, context)])
  const removed = await removeAll(config, old, context)
  if (!removed.ok) return removed
  return ok(json ? counted(old.length) : { lines: [`Deleted ${what}.${stay}`] })
}

async function removeAll(
  config: Config,
  keys: readonly string[],
  { stderr, now }: CliContext,
): Promise<Result<undefined, Failure>> {
  const opened = await openSessionRemover(config, now)
  if (!opened.ok) return opened
  const progress = createProgress(stderr)
  try {
    for (const [index, key] of keys.entries()) {
      progress.show(index, keys.length, `${index} of ${keys.length} sessions`)
      const removed = await opened.value.remove(key)
      if (!removed.ok) return removed
    }
    return ok(undefined)
  } finally {
    progress.clear()
    await opened.value.close()
  }
}
