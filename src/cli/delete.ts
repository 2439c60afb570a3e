/**
 * `delete`: everything about a session, about all of a user, or about all that are stored; here and,
 * if asked, in Langfuse.
 */
import type { Command } from 'commander'
import type { Config, LangfuseConfig } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import {
  createLangfuseDeleter,
  type LangfuseDeleter,
} from '../exporters/langfuse/deleting-client.ts'
import type { SessionRow } from '../api/contract/session-list.ts'
import { shellWord } from '../setup/shell-block.ts'
import { countApiBodies, removeApiBodies } from '../storage/api-bodies.ts'
import { confirmed } from './confirmation.ts'
import type { CliContext } from './context.ts'
import { dataDestination, langfuseDestination, nameDestinations } from './destination.ts'
import { countOfText } from '../domain/figure-text.ts'
import {
  allSessions,
  findSession,
  NO_SESSION_NEXT,
  sessionName,
  sessionsNamed,
} from './find-session.ts'
import { withData } from './open-data.ts'
import { type Conclude, failed, type Failure, jsonDocument, type Outcome } from './outcome.ts'
import { createProgress } from './progress.ts'
import { openSessionRemover } from './session-remover.ts'
import type { Terminal } from './terminal.ts'

interface Options {
  readonly user?: string
  readonly all?: boolean
  readonly langfuse?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** What was deleted, as JSON; of Langfuse, what it was asked to delete. */
interface Deleted {
  readonly sessions: number
  readonly records: number
  readonly langfuse: { readonly traces: number } | null
}

const NOTHING: Deleted = { sessions: 0, records: 0, langfuse: null }

function told({ json = false }: Options, deleted: Deleted, lines: readonly string[]): Outcome {
  return ok(json ? { document: jsonDocument(deleted) } : { lines })
}

/** Standard output is for the document alone. */
function besideOf({ json = false }: Options, { stdout, stderr }: CliContext): Terminal {
  return json ? stderr : stdout
}

const NO_KEYS = [
  '--langfuse needs Langfuse keys',
  'Set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY.',
] as const

interface Target {
  readonly config: Config
  /** Absent when nothing of it is stored here. */
  readonly key?: string
  readonly sessionId: string
  readonly name: string
}

export function addDelete(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('delete')
    .summary('delete a session, a user, or everything')
    .description(
      'Deletes everything stored here about the sessions, including what is still queued for Langfuse.',
    )
    .argument('[id]', 'session id, or a unique prefix of one')
    .option('--user <name>', 'delete all sessions of this user')
    .option('--all', 'delete all sessions')
    .option(
      '--langfuse',
      'also delete their traces and scores in Langfuse (for an id, even if it is no longer stored here)',
    )
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print what was deleted as JSON')
    .action((id: string | undefined, options: Options) => {
      const { user, all = false } = options
      const named = [id, user, all ? '' : undefined].filter((each) => each !== undefined)
      if (named.length !== 1) {
        command.error('error: delete takes one of these: a session id, --user, --all')
      }
      return concluded(
        id === undefined
          ? deleteSelected(context, user, options)
          : deleteSession(context, id, options),
      )
    })
}

async function deleteSession(context: CliContext, id: string, options: Options): Promise<Outcome> {
  const target = await targetOf(context, id, options)
  if (!target.ok) return target
  const { config, key, sessionId, name } = target.value
  const canGoOn = options.yes === true || context.ask !== undefined
  nameDestinations(besideOf(options, context), [
    ...(key !== undefined && canGoOn ? [dataDestination(config, context)] : []),
    ...(options.langfuse === true && config.langfuse !== undefined
      ? [langfuseDestination(config.langfuse.baseUrl, context)]
      : []),
  ])
  const there = await inLangfuse(config.langfuse, sessionId, options)
  if (!there.ok) return there
  const traces =
    there.value === undefined
      ? ''
      : ` and ${countOfText(there.value.traceIds.length, 'trace')} in Langfuse`
  const question =
    key === undefined
      ? `Session ${name} is not stored here. Delete its data in Langfuse?`
      : `Delete session ${name}${traces}?`
  const goOn = await confirmed(context.ask, options.yes === true, question)
  if (!goOn.ok) return goOn
  if (!goOn.value) return told(options, NOTHING, ['Nothing was deleted.'])
  const lines: string[] = []
  let deleted = NOTHING
  if (key !== undefined) {
    // First here: what waits in the outbox must not follow what is deleted there.
    const records = await removeHere(config, key, context)
    if (!records.ok) return records
    deleted = { ...deleted, sessions: 1, records: records.value }
    lines.push(`Deleted session ${name} with ${countOfText(records.value, 'record')}.`)
  }
  if (there.value !== undefined) {
    const scores = await removeThere(there.value, sessionId)
    if (!scores.ok) return scores
    const traceCount = countOfText(there.value.traceIds.length, 'trace')
    if (scores.value === undefined) {
      return failed(
        scoresStay(`of session ${name}`),
        `The local data and ${traceCount} are deleted. Delete these scores in Langfuse itself.`,
      )
    }
    deleted = { ...deleted, langfuse: { traces: there.value.traceIds.length } }
    lines.push(
      `Langfuse was asked to delete ${traceCount} and ` +
        `${countOfText(scores.value, 'score')} of the session; it does so within minutes.`,
    )
  }
  return told(options, deleted, lines)
}

/** Whether its traces are in another project than that of the settings, or in none. */
function isElsewhere({ route }: Pick<SessionRow, 'route'>): boolean {
  return route !== undefined && !route.includes('langfuse')
}

/** Nothing is deleted then: what stays there would not be found from here any more. */
function elsewhere({ sessionId, route = [] }: Pick<SessionRow, 'sessionId' | 'route'>) {
  const where = route.length === 0 ? 'nowhere' : route.join(', ')
  return failed(
    `session ${sessionId} goes to ${where}, but --langfuse deletes in the configured project`,
    'Delete its traces in that project itself, and the local data without --langfuse.',
  )
}

/** A session that is gone here can still be deleted in Langfuse, by its whole id. */
async function targetOf(
  context: CliContext,
  id: string,
  { langfuse = false }: Options,
): Promise<Result<Target, Failure>> {
  let target: Result<Target, Failure> = failed('the data could not be read')
  const read = await withData(context, async ({ config, reports }) => {
    const found = await findSession(reports, id)
    if (found.ok) {
      const { key, sessionId } = found.value
      const isDeletable = langfuse
        ? deletableThere([found.value], await sessionsNamed(reports, sessionId))
        : ok(undefined)
      target = isDeletable.ok
        ? ok({ config, key, sessionId, name: sessionName(found.value) })
        : isDeletable
    } else if (
      langfuse &&
      /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(id) &&
      (await sessionsNamed(reports, id)).length === 0
    ) {
      target = ok({ config, sessionId: id, name: id })
    } else target = found
    return ok({ lines: [] })
  })
  return read.ok ? target : read
}

/**
 * Whether deleting these in Langfuse deletes nothing else: it knows a session by its id alone, so what
 * has the same id there is one session with it.
 */
function deletableThere(
  chosen: readonly SessionRow[],
  stored: readonly SessionRow[],
): Result<void, Failure> {
  const routed = chosen.find(isElsewhere)
  if (routed !== undefined) return elsewhere(routed)
  const keys = new Set(chosen.map(({ key }) => key))
  const ids = new Set(chosen.map(({ sessionId }) => sessionId))
  const other = stored.find(
    (row) => ids.has(row.sessionId) && !keys.has(row.key) && !isElsewhere(row),
  )
  if (other === undefined) return ok(undefined)
  return failed(
    `Langfuse knows session ${other.sessionId} by its id alone, and ${other.key} has the same: its traces would be deleted too`,
    'Delete the traces in Langfuse itself, and the local data without --langfuse.',
  )
}

interface There {
  readonly deleter: LangfuseDeleter
  readonly traceIds: readonly string[]
}

/** Looked up before anything is deleted, so that wrong keys are told in time. */
async function inLangfuse(
  config: LangfuseConfig | undefined,
  sessionId: string,
  { langfuse = false }: Options,
): Promise<Result<There | undefined, Failure>> {
  if (!langfuse) return ok(undefined)
  if (config === undefined) {
    return failed(...NO_KEYS)
  }
  const deleter = createLangfuseDeleter(config)
  const traceIds = await deleter.traceIdsOf(sessionId)
  if (!traceIds.ok) return failed(traceIds.error, 'Nothing was deleted.')
  return ok({ deleter, traceIds: traceIds.value })
}

/** All sessions of a user, or all there are, the oldest first. */
async function deleteSelected(
  context: CliContext,
  user: string | undefined,
  options: Options,
): Promise<Outcome> {
  // An unset variable of a script.
  if (user === '') return failed('the user name is empty', NO_SESSION_NEXT)
  const selection = await selected(context, user, options)
  if (!selection.ok) return selection
  const { config, rows, stored } = selection.value
  // Whose they are stands in none of their names, so they go with everything alone.
  const bodyFiles = user === undefined ? await countApiBodies(config.dataDir) : 0
  if (rows.length === 0 && bodyFiles === 0) return nothingSelected(user, options)
  const chosen = options.langfuse === true ? langfuseFor(config, rows, stored) : ok(undefined)
  if (!chosen.ok) return chosen
  const target = chosen.value
  const deleter = target && createLangfuseDeleter(target)
  const what = `${countOfText(rows.length, 'session')}${user === undefined ? '' : ` of user ${user}`}`
  const there = deleter === undefined ? '' : ', here and in Langfuse'
  const canGoOn = options.yes === true || context.ask !== undefined
  nameDestinations(besideOf(options, context), [
    ...(canGoOn ? [dataDestination(config, context)] : []),
    ...(target === undefined ? [] : [langfuseDestination(target.baseUrl, context)]),
  ])
  const goOn = await confirmed(
    context.ask,
    options.yes === true,
    `Delete ${what}${withBodies(bodyFiles)}${there}?`,
  )
  if (!goOn.ok) return goOn
  if (!goOn.value) return told(options, NOTHING, ['Nothing was deleted.'])
  const removed = await removeAll(config, rows, deleter, context)
  if (!removed.ok) return removed
  const { records, traces } = removed.value
  const deleted = user === undefined ? await removeApiBodies(config.dataDir) : 0
  const lines = [`Deleted ${what} with ${countOfText(records, 'record')}${withBodies(deleted)}.`]
  if (deleter !== undefined) {
    lines.push(
      `Langfuse was asked to delete ${countOfText(traces, 'trace')} and the scores of those sessions; it does so within minutes.`,
    )
  }
  const langfuse = deleter === undefined ? null : { traces }
  return told(options, { sessions: rows.length, records, langfuse }, lines)
}

/** The project in which all of these sessions are. */
function langfuseFor(
  { langfuse }: Config,
  rows: readonly SessionRow[],
  stored: readonly SessionRow[],
): Result<NonNullable<Config['langfuse']>, Failure> {
  if (langfuse === undefined) return failed(...NO_KEYS)
  const isDeletable = deletableThere(rows, stored)
  return isDeletable.ok ? ok(langfuse) : isDeletable
}

function withBodies(count: number): string {
  return count === 0 ? '' : `, and ${countOfText(count, 'file')} with raw API bodies`
}

function nothingSelected(user: string | undefined, options: Options): Outcome {
  if (user === undefined) return told(options, NOTHING, ['Nothing is stored.'])
  return failed(`no session of user "${user}" is stored`, NO_SESSION_NEXT)
}

interface Selected {
  readonly config: Config
  readonly rows: readonly SessionRow[]
  /** Everybody's, where others may have the same ids in Langfuse. */
  readonly stored: readonly SessionRow[]
}

async function selected(
  context: CliContext,
  user: string | undefined,
  { langfuse = false }: Options,
): Promise<Result<Selected, Failure>> {
  let found: Result<Selected, Failure> = failed('the data could not be read')
  const read = await withData(context, async ({ config, reports }) => {
    const all = { empty: 'shown', order: 'asc' } as const
    const rows: SessionRow[] = []
    const question = user === undefined ? all : { ...all, user }
    for await (const row of allSessions(reports, question)) rows.push(row)
    const stored: SessionRow[] = []
    if (user !== undefined && langfuse) {
      for await (const row of allSessions(reports, all)) stored.push(row)
    }
    found = ok({ config, rows, stored })
    return ok({ lines: [] })
  })
  return read.ok ? found : read
}

/**
 * Session by session, each here and then in Langfuse: should one fail, those behind it are still
 * stored here and so will be found by the next try.
 */
async function removeAll(
  config: Config,
  rows: readonly SessionRow[],
  deleter: LangfuseDeleter | undefined,
  { stderr, now }: CliContext,
): Promise<Result<{ readonly records: number; readonly traces: number }, Failure>> {
  const remover = await openSessionRemover(config, now)
  if (!remover.ok) return remover
  const progress = createProgress(stderr)
  let [records, traces, unlisted] = [0, 0, 0]
  const soFar = (done: number): string =>
    `${countOfText(done, 'session')} of ${rows.length} were deleted. Run the command again for the rest.`
  try {
    for (const [index, row] of rows.entries()) {
      progress.show(index, rows.length, `${index} of ${rows.length} sessions`)
      const there = deleter && (await deleter.traceIdsOf(row.sessionId))
      if (there?.ok === false) return failed(there.error, soFar(index))
      const removed = await remover.value.remove(row.key)
      if (!removed.ok) return removed
      records += removed.value ?? 0
      if (deleter === undefined || there === undefined) continue
      const gone = await removeThere({ deleter, traceIds: there.value }, row.sessionId)
      if (!gone.ok) return gone
      if (gone.value === undefined) unlisted += 1
      traces += there.value.length
    }
    if (unlisted > 0) {
      return failed(
        scoresStay(`of ${countOfText(unlisted, 'session')}`),
        `The local data and ${countOfText(traces, 'trace')} are deleted. Delete these scores in Langfuse itself.`,
      )
    }
    return ok({ records, traces })
  } finally {
    progress.clear()
    await remover.value.close()
  }
}

async function removeHere(
  config: Config,
  key: string,
  { now }: CliContext,
): Promise<Result<number, Failure>> {
  const remover = await openSessionRemover(config, now)
  if (!remover.ok) return remover
  try {
    const removed = await remover.value.remove(key)
    return removed.ok ? ok(removed.value ?? 0) : removed
  } finally {
    await remover.value.close()
  }
}

/** Resolves to the number of scores on the session; `undefined` where they could not be listed. */
async function removeThere(
  { deleter, traceIds }: There,
  sessionId: string,
): Promise<Result<number | undefined, Failure>> {
  const next = `The local data is deleted. Try again: claude-telemetry delete ${shellWord(sessionId)} --langfuse`
  const deleted = await deleter.deleteTraces(traceIds)
  if (!deleted.ok) return failed(deleted.error, next)
  const scores = await deleter.deleteSessionScores(sessionId)
  return scores.ok ? scores : failed(scores.error, next)
}

function scoresStay(ofWhat: string): string {
  return `this Langfuse cannot list the scores ${ofWhat} (it has no /api/public/v3/scores): they were not deleted`
}
