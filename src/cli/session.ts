/** `session ID`: one session as a card. */
import type { Command } from 'commander'
import type { TurnHead, WaterfallItem } from '../api/contract/turn.ts'
import { sessionAddress } from '../reports/langfuse-links.ts'
import type { Config } from '../config/config.ts'
import { ok } from '../domain/result.ts'
import { createLangfuseReader } from '../exporters/langfuse/reading-client.ts'
import type { OutlineTurn } from '../reports/session-outline.ts'
import type { CliContext } from './context.ts'
import { findSession, lastSession } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, jsonDocument, misused, type Outcome } from './outcome.ts'
import { sessionCard } from './session-card.ts'
import { turnLines } from './turn-rows.ts'
import { addZoneOption, timeZoneOf } from './session-filter.ts'

interface Options {
  readonly last?: boolean
  readonly turn?: string
  readonly tz?: string
  readonly json?: boolean
}

/** Rows of a prompt that are read at once. */
const MAX_ROWS = 2000
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
    .option('--turn <number>', 'the rows of one prompt, counted from 1; `last` for the last one')
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
    return misused(
      'session takes either an id or --last',
      'See claude-telemetry sessions, or "claude-telemetry session --help".',
    )
  }
  const { turn } = options
  if (turn !== undefined && turn !== 'last' && !/^[1-9]\d{0,8}$/.test(turn)) {
    return misused(`--turn takes a number from 1 or "last", not "${turn}"`)
  }
  return withData(context, (data) => show(data, context, id, options))
}

async function show(
  data: Data,
  { stdout }: CliContext,
  id: string | undefined,
  options: Options,
): Promise<Outcome> {
  const { reports, config } = data
  const { json = false } = options
  const found = id === undefined ? await lastSession(reports) : await findSession(reports, id)
  if (!found.ok) return found
  const { key, sessionId } = found.value
  const [stored, langfuseUrl] = await Promise.all([reports.session(key), linkTo(sessionId, config)])
  if (stored === undefined) return failed(`${key} was just deleted`)
  if (options.turn !== undefined) return showTurn(reports, key, options.turn, json, stdout)
  const waste = (await reports.waste(key))?.findings ?? []
  const session = { ...stored, langfuseUrl }
  if (json) return ok({ document: jsonDocument({ ...session, waste }) })
  const turns = await turnsInShort(data, key)
  return ok({ lines: sessionCard(session, waste, stdout, timeZoneOf(options), turns) })
}

async function turnsInShort(
  { reader, policy }: Data,
  key: string,
): Promise<readonly OutlineTurn[]> {
  const [{ outlineOf }, { createSessionFolds }, { letOthersRun }] = await Promise.all([
    import('../reports/session-outline.ts'),
    import('../reports/session-folds.ts'),
    import('../reports/pause.ts'),
  ])
  const { maxContentLength } = policy
  const folds = createSessionFolds({ reader, policy })
  const outline = await outlineOf({ folds, pause: letOthersRun, maxContentLength }, key, {
    name: 'card',
    mask: (text) => text,
    maxTextLength: 0,
  })
  return outline?.turns ?? []
}

/** One prompt with its rows; as JSON all of them. */
async function showTurn(
  reports: Data['reports'],
  key: string,
  which: string,
  json: boolean,
  terminal: CliContext['stdout'],
): Promise<Outcome> {
  const head = await findTurn(reports, key, which)
  if (head === undefined) {
    return failed(
      which === 'last' ? `${key} has no prompt yet` : `${key} has no prompt ${which}`,
      'To see its prompts, leave out --turn.',
    )
  }
  const items: WaterfallItem[] = []
  let cursor: string | undefined
  let turn = head
  let omitted = 0
  do {
    const page = await reports.turn(key, head.key, { limit: MAX_ROWS, cursor })
    if (page === undefined || !page.ok) return failed(`${key} was just deleted`)
    turn = page.value.turn
    items.push(...page.value.items)
    omitted = page.value.omittedItems
    cursor = page.value.nextCursor ?? undefined
  } while (json && cursor !== undefined)
  return ok(
    json
      ? { document: jsonDocument({ turn, items }) }
      : { lines: turnLines(turn, items, omitted, terminal) },
  )
}

async function findTurn(
  reports: Data['reports'],
  key: string,
  which: string,
): Promise<TurnHead | undefined> {
  // Those before a number, of which the last is wanted.
  const cursor = which === 'last' ? undefined : String(Number(which) + 1)
  const page = await reports.turns(key, { limit: 1, cursor })
  const found = page?.ok === true ? page.value.turns.at(-1) : undefined
  return which === 'last' || found?.ordinal === Number(which) ? found : undefined
}

/** Where the session stands in Langfuse; null when that cannot be told. */
async function linkTo(sessionId: string, { langfuse }: Config): Promise<string | null> {
  if (langfuse === undefined) return null
  const reader = createLangfuseReader({ ...langfuse, timeoutMs: LINK_TIMEOUT_MS })
  const projectId = await reader.projectId()
  return projectId === undefined ? null : sessionAddress(langfuse.baseUrl, projectId, sessionId)
}
