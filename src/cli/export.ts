/**
 * `export`: raw records as JSON, one a line, each with its session, its resource and its scope: all
 * of what was decoded, to be read by any other program. Or one session as a file for people.
 */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { EXPORT_FORMATS, type ExportFormat } from '../api/contract/session-export.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { safeJson } from '../domain/safe-text.ts'
import type { StoredBatch } from '../domain/telemetry-record.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { CliContext } from './context.ts'
import { dataDestination, type Destination, nameDestinations } from './destination.ts'
import { countOfText } from '../domain/figure-text.ts'
import { findSession, NO_SESSION_NEXT, selectSessions, sessionName } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, misused, type Outcome } from './outcome.ts'
import { createProgress } from './progress.ts'
import {
  addFilterOptions,
  addTimeOptions,
  type FilterOptions,
  filterOf,
  isSelective,
} from './session-filter.ts'

interface Options extends FilterOptions {
  readonly output?: string
  readonly force?: boolean
  readonly format: (typeof FORMATS)[number]
  readonly anonymous?: boolean
}

const FORMATS = ['jsonl', ...EXPORT_FORMATS] as const

const BATCHES_AT_ONCE = 50
/** Prompts and answers are in it. */
const FILE_MODE = 0o600

export function addExport(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('export')
    .summary('write raw records as JSON lines, or one session as HTML or Markdown')
    .description(
      'Writes the raw records of sessions as JSON, one per line; the count goes to stderr. With --format ' +
        'html or markdown, writes one session as a file to be shared: what it was, cost and changed, and its ' +
        'turns with prompts, answers and a line for whatever happened. Secrets are masked in it.',
    )
    .argument('[ids...]', 'session ids or unique prefixes; without any, all that match')
    .addOption(new Option('--format <format>', 'what to write').choices(FORMATS).default('jsonl'))
    .option(
      '--anonymous',
      'with html or markdown: without user, team, addresses and home folders; e-mail addresses are masked',
    )
    .option('-o, --output <file>', 'write to this file, readable only by you')
    .option('--force', 'overwrite an existing file')
  addFilterOptions(addTimeOptions(command, 'only sessions with activity since')).action(
    (ids: readonly string[], options: Options) => concluded(exported(context, ids, options)),
  )
}

async function exported(
  context: CliContext,
  ids: readonly string[],
  options: Options,
): Promise<Outcome> {
  const { format, anonymous = false } = options
  if (format === 'jsonl') {
    if (anonymous) {
      return misused(
        '--anonymous is for --format html or markdown; raw records are as they are stored',
      )
    }
    return withData(context, (data) => exportSessions(data, context, ids, options))
  }
  const [id] = ids
  if (id === undefined || ids.length > 1 || isSelective(filterOf(options, context.now()))) {
    return misused(`--format ${format} writes one session: name it by its id`)
  }
  return withData(context, (data) => exportFile(data, context, id, { ...options, format }))
}

/** One session for people. */
async function exportFile(
  { config, policy, reports, reader }: Data,
  context: CliContext,
  id: string,
  options: Options & { readonly format: ExportFormat },
): Promise<Outcome> {
  const found = await findSession(reports, id)
  if (!found.ok) return found
  const { key } = found.value
  const [{ createReports }, { readMasking }] = await Promise.all([
    import('../reports/reports.ts'),
    import('../processors/masking.ts'),
  ])
  const masking = await readMasking(config.privacy)
  if (!masking.ok) return failed(masking.error)
  const { now } = context
  const exports = createReports({ reader, policy, now, masking: masking.value })
  nameDestinations(context.stderr, [dataDestination(config, context), ...fileNamed(options)])
  const opened = openSink(options, context)
  if (!opened.ok) return failed(opened.error)
  const { write, close } = opened.value
  const { format, anonymous = false } = options
  let cursor: string | undefined
  try {
    do {
      const part = await exports.exportPart(key, { format, anonymous, cursor })
      if (part === undefined || !part.ok) return failed(`${key} was just deleted`)
      await write(part.value.text)
      cursor = part.value.nextCursor ?? undefined
    } while (cursor !== undefined)
  } finally {
    close()
  }
  context.stderr.print([`Exported ${sessionName(found.value)}.`])
  return ok({ lines: [] })
}

function fileNamed({ output }: Options): Destination[] {
  return output === undefined ? [] : [{ what: 'File', where: resolve(output), from: '--output' }]
}

async function exportSessions(
  { config, reports, reader }: Data,
  context: CliContext,
  ids: readonly string[],
  options: Options,
): Promise<Outcome> {
  const filter = { ...filterOf(options, context.now()), empty: 'shown' } as const
  const rows = await selectSessions(reports, ids, filter)
  if (!rows.ok) return rows
  if (rows.value.length === 0 && isSelective(filter))
    return failed('no session matches', NO_SESSION_NEXT)
  nameDestinations(context.stderr, [dataDestination(config, context), ...fileNamed(options)])
  const opened = openSink(options, context)
  if (!opened.ok) return failed(opened.error)
  const { write, close } = opened.value
  const progress = createProgress(context.stderr)
  let records = 0
  try {
    for (const [index, { key }] of rows.value.entries()) {
      if (options.output !== undefined) {
        progress.show(index, rows.value.length, `${index} of ${rows.value.length} sessions`)
      }
      for await (const batch of batchesOf(reader, key)) {
        await write(linesOf(batch))
        records += batch.records.length
      }
    }
  } finally {
    progress.clear()
    close()
  }
  const what = `${countOfText(records, 'record')} of ${countOfText(rows.value.length, 'session')}`
  context.stderr.print([`Exported ${what}.`])
  return ok({ lines: [] })
}

async function* batchesOf(
  { records }: StoreReader,
  key: string,
): AsyncGenerator<StoredBatch, void> {
  let afterId = 0
  for (;;) {
    const batches = await records.batches(key, afterId, BATCHES_AT_ONCE)
    yield* batches
    const last = batches.at(-1)
    if (last === undefined) return
    afterId = last.id
  }
}

function linesOf({ sessionKey, signal, receivedMs, origin, records }: StoredBatch): string {
  const { resource, scopeName, scopeVersion } = origin
  const scope = { name: scopeName, version: scopeVersion }
  const lines = records.map((record) =>
    safeJson(JSON.stringify({ session: sessionKey, signal, receivedMs, resource, scope, record })),
  )
  return lines.map((line) => `${line}\n`).join('')
}

interface Sink {
  readonly write: (text: string) => Promise<void>
  readonly close: () => void
}

function openSink(
  { output, force = false }: Options,
  { stdout }: CliContext,
): Result<Sink, string> {
  if (output === undefined) {
    const write = (text: string) => {
      stdout.write(text)
      return stdout.flushed()
    }
    return ok({ write, close: () => {} })
  }
  try {
    const file = openSync(output, force ? 'w' : 'wx', FILE_MODE)
    return ok({
      write: async (text) => writeFileSync(file, text),
      close: () => closeSync(file),
    })
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    if (error.code === 'EEXIST') return err(`${output} exists; pass --force to overwrite it`)
    return err(`${output} cannot be written: ${error.message}`)
  }
}
