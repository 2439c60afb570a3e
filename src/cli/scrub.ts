/**
 * `scrub`: masks the secrets in what is stored already, as the bridge masks what comes, and offers to
 * deliver the sessions again, since Langfuse has them as they were.
 */
import type { Command } from 'commander'
import type { SessionRow } from '../api/contract/session-list.ts'
import type { Config } from '../config/config.ts'
import { ownerOfSession } from '../domain/identity.ts'
import { ok, type Result } from '../domain/result.ts'
import { readMasking } from '../processors/masking.ts'
import type { MaskSettings } from '../processors/redact/record-masker.ts'
import type { Scrubbed, ScrubbedSession } from '../reports/scrub.ts'
import { shellWord } from '../setup/shell-block.ts'
import { countApiBodies, removeApiBodies } from '../storage/api-bodies.ts'
import { damagedFiles } from '../storage/data-folder.ts'
import { confirmed } from './confirmation.ts'
import type { CliContext } from './context.ts'
import { dataDestination, nameDestinations } from './destination.ts'
import { countOfText } from '../domain/figure-text.ts'
import { allSessions } from './find-session.ts'
import { sessionIdIn } from './live-line.ts'
import { policyFor, withData } from './open-data.ts'
import { type Conclude, failed, type Failure, jsonDocument, type Outcome } from './outcome.ts'
import { createProgress } from './progress.ts'
import { readConfig } from './read-config.ts'
import { deliver } from './replay.ts'
import { openScrubber, openScrubPreview, type Scrubber } from './scrubber.ts'
import { type Column, tableLines } from './table.ts'
import type { TextLine } from './terminal.ts'

interface Options {
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly replay?: boolean
  readonly yes?: boolean
}

const NOTE = `
Applies MASK, MASK_PATTERNS_FILE and MASK_ATTRIBUTES to all stored data: records, hooks, states,
titles, labels, prompts, items that wait for exporters, dead items, the quarantine. Then it rewrites
the database, so that no secret is left in its files. Masking cannot be undone. If the command is
interrupted, run it again.

Raw API bodies that the agent wrote to DATA_DIR/api-bodies are deleted: they are not masked, and the
database has what the bridge read of them.

Langfuse and other exporters keep what they received. --replay delivers the masked sessions again,
under the same ids; without it the command asks, if there is a terminal.`

const AGAIN = 'Run it again: masked data stays masked.'
const MAX_NAMED = 20

export function addScrub(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('scrub')
    .summary('mask secrets in stored data')
    .description(
      'Masks secrets in stored data by the rules that the bridge applies to new records.',
    )
    .option('--dry-run', 'count them without changing anything')
    .option('--replay', 'then deliver the masked sessions to Langfuse again')
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print what was found as JSON')
    .addHelpText('after', NOTE)
    .action((options: Options) => concluded(scrub(context, options)))
}

async function scrub(context: CliContext, options: Options): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const settings = await readMasking(config.value.privacy)
  if (!settings.ok) return failed(settings.error)
  if (settings.value.mode === 'off') {
    return failed('MASK=off: nothing would be masked', 'Set MASK=on, or MASK=strict.')
  }
  return options.dryRun === true
    ? preview(context, config.value, settings.value, options)
    : change(context, config.value, settings.value, options)
}

/** What a run came to. */
interface Found {
  readonly sessions: readonly ScrubbedSession[]
  readonly beside: Scrubbed
  /** Files with raw API bodies that were, or would be, deleted. */
  readonly bodyFiles: number
}

async function preview(
  context: CliContext,
  config: Config,
  settings: MaskSettings,
  { json = false }: Options,
): Promise<Outcome> {
  const opened = await openScrubPreview(config, settings)
  if (!opened.ok) return opened
  try {
    const found = await visit(opened.value, context, () => countApiBodies(config.dataDir))
    if (!found.ok) return found
    if (json) return ok({ document: documentOf(found.value, config, true) })
    const { sessions } = found.value
    return ok({
      lines: [
        `Would mask ${sumText(found.value)}.`,
        ...tables(found.value, context),
        ...bodyLines(found.value, 'Would delete'),
        ...asideNotes(config),
        ...(sessions.length > 0 ? ['Nothing was changed.'] : []),
      ],
    })
  } finally {
    await opened.value.close()
  }
}

async function change(
  context: CliContext,
  config: Config,
  settings: MaskSettings,
  options: Options,
): Promise<Outcome> {
  const { yes = false, json = false } = options
  const policy = await policyFor(config)
  if (!policy.ok) return policy
  if (!json && (yes || context.ask !== undefined)) {
    nameDestinations(context.stdout, [dataDestination(config, context)])
  }
  const question =
    'Mask the secrets in all data stored there, and delete the files with raw API bodies? This cannot be undone.'
  const goOn = await confirmed(context.ask, yes, question)
  if (!goOn.ok) return goOn
  if (!goOn.value) return ok({ lines: ['Nothing was masked.'] })
  const opened = await openScrubber(config, settings, policy.value)
  if (!opened.ok) return opened
  let found: Result<Found, Failure>
  try {
    found = await visit(opened.value, context, () => removeApiBodies(config.dataDir))
  } finally {
    await opened.value.close()
  }
  if (!found.ok) return found
  const delivered = await replayed(context, config, found.value, options)
  if (!delivered.ok) return delivered
  if (json) return ok({ document: documentOf(found.value, config, false) })
  return ok({
    lines: [
      `Masked ${sumText(found.value)}.`,
      ...tables(found.value, context),
      ...bodyLines(found.value, 'Deleted'),
      ...asideNotes(config),
      ...delivered.value,
    ],
  })
}

async function visit(
  scrubber: Pick<Scrubber, 'keys' | 'session' | 'beside'>,
  { stderr }: CliContext,
  bodies: () => Promise<number>,
): Promise<Result<Found, Failure>> {
  const { keys } = scrubber
  const progress = createProgress(stderr)
  const sessions: ScrubbedSession[] = []
  try {
    for (const [index, key] of keys.entries()) {
      progress.show(index, keys.length, `${index} of ${countOfText(keys.length, 'session')}`)
      const scrubbed = await scrubber.session(key)
      if (!scrubbed.ok) return again(scrubbed.error)
      if (scrubbed.value?.isChanged === true) sessions.push(scrubbed.value)
    }
    progress.show(1, 1, 'data without a session, and the files')
    const beside = await scrubber.beside()
    if (!beside.ok) return again(beside.error)
    // Last: until then a running bridge may be reading them.
    return ok({ sessions, beside: beside.value, bodyFiles: await bodies() })
  } catch (error) {
    if (!isSystemError(error)) throw error
    return failed(`files with raw API bodies could not be deleted: ${error.message}`, AGAIN)
  } finally {
    progress.clear()
  }
}

function again({ messages, next = AGAIN }: Failure): Result<never, Failure> {
  return { ok: false, error: { messages, next } }
}

/** What came of delivering the sessions again, in lines; none where there is nothing to deliver. */
async function replayed(
  context: CliContext,
  config: Config,
  { sessions }: Found,
  { replay = false, yes = false, json = false }: Options,
): Promise<Result<readonly TextLine[], Failure>> {
  if (sessions.length === 0) return ok([])
  const { langfuse } = config
  if (langfuse === undefined && !replay) return ok([])
  const ask = yes || json ? undefined : context.ask
  const what = countOfText(sessions.length, 'session')
  const wanted = replay || (ask !== undefined && (await ask(`Deliver ${what} to Langfuse again?`)))
  if (!wanted) {
    return ok([
      `Langfuse still has ${what} as delivered before. To deliver again: ${replayCommand(sessions)}`,
    ])
  }
  const keys = new Set(sessions.map(({ key }) => key))
  const delivered: TextLine[] = []
  const outcome = await withData(context, async (data) => {
    const rows: SessionRow[] = []
    for await (const row of allSessions(data.reports, { empty: 'shown', order: 'asc' })) {
      if (keys.has(row.key)) rows.push(row)
    }
    // Standard output is for the document alone.
    const stdout = json ? context.stderr : context.stdout
    const done = await deliver(data, { ...context, stdout }, rows, {})
    if (!done.ok) return done
    delivered.push(done.value.text)
    return ok({ lines: [] })
  })
  if (outcome.ok) return ok(delivered)
  const { messages } = outcome.error
  return failed(
    `the stored data is masked, but could not be delivered again: ${messages.join('; ')}`,
    replayCommand(sessions),
  )
}

function replayCommand(sessions: readonly ScrubbedSession[]): string {
  // Others may have a session of the same id as one that has an owner.
  const ids = sessions
    .slice(0, MAX_NAMED)
    .map(({ key }) => shellWord(ownerOfSession(key) === undefined ? sessionIdIn(key) : key))
  return sessions.length > MAX_NAMED
    ? 'claude-telemetry replay --all'
    : `claude-telemetry replay ${ids.join(' ')}`
}

function secretsOf({ sessions, beside }: Found): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {}
  for (const { secrets } of [...sessions, beside]) {
    for (const [rule, times] of Object.entries(secrets)) sum[rule] = (sum[rule] ?? 0) + times
  }
  return sum
}

const total = (secrets: Readonly<Record<string, number>>): number =>
  Object.values(secrets).reduce((sum, times) => sum + times, 0)

function sumText(found: Found): string {
  const records = found.sessions.reduce((sum, session) => sum + session.records, 0)
  return (
    `${countOfText(total(secretsOf(found)), 'secret')} in ` +
    `${countOfText(records + found.beside.records, 'record')} of ` +
    countOfText(found.sessions.length, 'session')
  )
}

const ruleColumns: readonly Column<readonly [string, number]>[] = [
  { title: 'RULE', text: ([rule]) => rule },
  { title: 'SECRETS', align: 'right', text: ([, times]) => String(times) },
]

const sessionColumns: readonly Column<ScrubbedSession>[] = [
  { title: 'SESSION', text: ({ key }) => sessionIdIn(key), shrinksTo: 8 },
  { title: 'RECORDS', align: 'right', text: ({ records }) => String(records) },
  { title: 'SECRETS', align: 'right', text: ({ secrets }) => String(total(secrets)) },
  {
    title: 'RULES',
    text: ({ secrets }) =>
      Object.entries(secrets)
        .map(([rule, times]) => `${rule} ${times}`)
        .join(', '),
    shrinksTo: 16,
  },
]

function tables(found: Found, { stdout }: CliContext): readonly TextLine[] {
  const { sessions } = found
  const rules = Object.entries(secretsOf(found)).sort(([, a], [, b]) => b - a)
  return [
    ...(rules.length === 0 ? [] : ['', ...tableLines(ruleColumns, rules, stdout)]),
    ...(sessions.length === 0 ? [] : ['', ...tableLines(sessionColumns, sessions, stdout), '']),
  ]
}

function bodyLines({ bodyFiles }: Found, done: string): readonly TextLine[] {
  return bodyFiles === 0 ? [] : [`${done} ${countOfText(bodyFiles, 'file')} with raw API bodies.`]
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

/** Databases that were moved aside are not opened: they may be damaged anywhere. */
function asideNotes({ dataDir }: Config): readonly TextLine[] {
  return damagedFiles(dataDir).map(
    (path) => `${path} was moved aside because it is damaged, and holds what it held: delete it.`,
  )
}

/** For programs. */
function documentOf(found: Found, { dataDir }: Config, isDryRun: boolean): string {
  return jsonDocument({
    dryRun: isDryRun,
    secrets: secretsOf(found),
    sessions: found.sessions.map(({ key, records, secrets }) => {
      return { session: sessionIdIn(key), key, records, secrets }
    }),
    beside: { records: found.beside.records, secrets: found.beside.secrets },
    bodyFiles: found.bodyFiles,
    damagedFiles: damagedFiles(dataDir),
  })
}
