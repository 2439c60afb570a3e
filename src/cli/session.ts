/** `session ID`: one session as a card. */
import type { Command } from 'commander'
import { sessionAddress } from '../reports/langfuse-links.ts'
import type { Config } from '../config/config.ts'
import { ok } from '../domain/result.ts'
import { createLangfuseReader } from '../exporters/langfuse/reading-client.ts'
import type { CliContext } from './context.ts'
import { findSession, lastSession } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, jsonDocument, misused, type Outcome } from './outcome.ts'
import { sessionCard } from './session-card.ts'
import { addZoneOption, timeZoneOf } from './session-filter.ts'

interface Options {
  readonly last?: boolean
  readonly tz?: string
  readonly json?: boolean
}

/** What is stored is shown whether or not Langfuse answers. */
const LINK_TIMEOUT_MS = 1500

export function addSession(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('session')
    .summary('show one session')
    .description('Shows what one session cost and did, prompt by prompt.')
    .argument('[id]', 'session id, or a unique prefix of one')
    .option('--last', 'the most recently active session')
  addZoneOption(command)
    .option('--json', 'print it as JSON')
    .action((id: string | undefined, options: Options) => concluded(selected(context, id, options)))
}

async function selected(
  context: CliContext,
  id: string | undefined,
  options: Options,
): Promise<Outcome> {
  const { last = false } = options
  if ((id === undefined) === !last) {
    return misused('session takes either an id or --last', 'See claude-telemetry sessions.')
  }
  return withData(context, (data) => show(data, context, id, options))
}

async function show(
  { reports, config }: Data,
  { stdout }: CliContext,
  id: string | undefined,
  options: Options,
): Promise<Outcome> {
  const { json = false } = options
  const found = id === undefined ? await lastSession(reports) : await findSession(reports, id)
  if (!found.ok) return found
  const { key, sessionId } = found.value
  const [stored, langfuseUrl] = await Promise.all([reports.session(key), linkTo(sessionId, config)])
  if (stored === undefined) return failed(`${key} was just deleted`)
  const waste = (await reports.waste(key))?.findings ?? []
  const session = { ...stored, langfuseUrl }
  return ok(
    json
      ? { document: jsonDocument({ ...session, waste }) }
      : { lines: sessionCard(session, waste, stdout, timeZoneOf(options)) },
  )
}

/** Where the session stands in Langfuse; null when that cannot be told. */
async function linkTo(sessionId: string, { langfuse }: Config): Promise<string | null> {
  if (langfuse === undefined) return null
  const reader = createLangfuseReader({ ...langfuse, timeoutMs: LINK_TIMEOUT_MS })
  const projectId = await reader.projectId()
  return projectId === undefined ? null : sessionAddress(langfuse.baseUrl, projectId, sessionId)
}
