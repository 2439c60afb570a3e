/** `delete SESSION`: everything about a session here and, if asked, its traces in Langfuse. */
import type { Command } from 'commander'
import type { Config, LangfuseConfig } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import {
  createLangfuseDeleter,
  type LangfuseDeleter,
} from '../exporters/langfuse/deleting-client.ts'
import { shellWord } from '../setup/shell-block.ts'
import { confirmed } from './confirmation.ts'
import type { CliContext } from './context.ts'
import { dataDestination, langfuseDestination, nameDestinations } from './destination.ts'
import { countOfText } from './figures.ts'
import { findSession, sessionName } from './find-session.ts'
import { withData } from './open-data.ts'
import { type Conclude, failed, type Failure, type Outcome } from './outcome.ts'
import { openSessionRemover } from './session-remover.ts'

interface Options {
  readonly langfuse?: boolean
  readonly yes?: boolean
}

interface Target {
  readonly config: Config
  /** Absent when nothing of it is stored here. */
  readonly key?: string
  readonly sessionId: string
  readonly name: string
}

export function addDelete(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('delete')
    .summary('delete a session')
    .description('Deletes everything about a session here, also what still waits for Langfuse.')
    .argument('<id>', 'its id, or a beginning of it that no other has')
    .option('--langfuse', 'its traces and scores in Langfuse, too (also when it is gone here)')
    .option('-y, --yes', 'do not ask')
    .action((id: string, options: Options) => concluded(deleteSession(context, id, options)))
}

async function deleteSession(context: CliContext, id: string, options: Options): Promise<Outcome> {
  const target = await targetOf(context, id, options)
  if (!target.ok) return target
  const { config, key, sessionId, name } = target.value
  const canGoOn = options.yes === true || context.ask !== undefined
  nameDestinations(context.stdout, [
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
      : ` and ${countOfText(there.value.traceIds.length, 'trace')} of it in Langfuse`
  const question =
    key === undefined
      ? `Nothing of ${name} is stored here. Delete what Langfuse has of it?`
      : `Delete session ${name}${traces}?`
  const goOn = await confirmed(context.ask, options.yes === true, question)
  if (!goOn.ok) return goOn
  if (!goOn.value) return ok({ lines: ['Nothing was deleted.'] })
  const lines: string[] = []
  if (key !== undefined) {
    // First here: what waits in the outbox must not follow what is deleted there.
    const records = await removeHere(config, key)
    if (!records.ok) return records
    lines.push(`Deleted session ${name} with ${countOfText(records.value, 'record')}.`)
  }
  if (there.value !== undefined) {
    const deleted = await removeThere(there.value, sessionId)
    if (!deleted.ok) return deleted
    lines.push(deleted.value)
  }
  return ok({ lines })
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
      target = ok({ config, key, sessionId, name: sessionName(found.value) })
    } else if (langfuse && /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(id)) {
      target = ok({ config, sessionId: id, name: id })
    } else target = found
    return ok({ lines: [] })
  })
  return read.ok ? target : read
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
    return failed('--langfuse needs keys', 'Set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY.')
  }
  const deleter = createLangfuseDeleter(config)
  const traceIds = await deleter.traceIdsOf(sessionId)
  if (!traceIds.ok) return failed(traceIds.error, 'Nothing was deleted.')
  return ok({ deleter, traceIds: traceIds.value })
}

async function removeHere(config: Config, key: string): Promise<Result<number, Failure>> {
  const remover = await openSessionRemover(config)
  if (!remover.ok) return remover
  try {
    const removed = await remover.value.remove(key)
    return removed.ok ? ok(removed.value ?? 0) : removed
  } finally {
    await remover.value.close()
  }
}

async function removeThere(
  { deleter, traceIds }: There,
  sessionId: string,
): Promise<Result<string, Failure>> {
  const next = `What is here is deleted. Try again: claude-telemetry delete ${shellWord(sessionId)} --langfuse`
  const deleted = await deleter.deleteTraces(traceIds)
  if (!deleted.ok) return failed(deleted.error, next)
  const scores = await deleter.deleteSessionScores(sessionId)
  if (!scores.ok) return failed(scores.error, next)
  return ok(
    `Langfuse was asked to delete ${countOfText(traceIds.length, 'trace')} and ` +
      `${countOfText(scores.value, 'score')} of the session; it does so within minutes.`,
  )
}
