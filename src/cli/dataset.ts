/** `dataset NAME`: sends turns to a dataset of Langfuse, to evaluate prompts, models and settings with. */
import { type Command, InvalidArgumentError } from 'commander'
import type { SessionRow } from '../api/contract/session-list.ts'
import { ok, type Result } from '../domain/result.ts'
import { safeLine } from '../domain/safe-text.ts'
import { usdText } from '../domain/usd-text.ts'
import type { DatasetItem, LangfuseDatasets } from '../exporters/langfuse/dataset-client.ts'
import type { SelectedTurn, TurnSelection } from '../reports/dataset-turns.ts'
import type { CliContext } from './context.ts'
import { langfuseDestination, nameDestinations } from './destination.ts'
import { countOfText } from '../domain/figure-text.ts'
import { findSession, NO_SESSION_NEXT, selectSessions } from './find-session.ts'
import { numberBetween } from './number-option.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, type Failure, jsonDocument, type Outcome } from './outcome.ts'
import { createProgress } from './progress.ts'
import { addFilterOptions, addTimeOptions, type FilterOptions, filterOf } from './session-filter.ts'
import { shortId } from './session-table.ts'
import { type Column, tableLines } from './table.ts'

interface Options extends FilterOptions {
  readonly session?: string
  readonly failed?: boolean
  readonly refused?: boolean
  readonly search?: string
  readonly withAnswer?: boolean
  readonly limit: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000
const DEFAULT_DAYS = 30
const DAY_MS = 86_400_000
const MAX_NAME_LENGTH = 200

const NOTE = `
An item has the prompt as a chat message, and session, trace, cost, models and what failed as metadata. Its id
is made of the dataset, the session and the turn: an item that is there already stays as it is, so a
command that is run again adds what is new. Secrets are masked. Turns whose prompt was not recorded are
left out.`

export function addDataset(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('dataset')
    .summary('send turns to a dataset of Langfuse')
    .description(
      'Sends prompts to a dataset of Langfuse, which is created if it is missing: those whose model calls or ' +
        `tools failed, those with refused tools, or by a text. The newest come first.`,
    )
    .argument('<name>', 'name of the dataset', nameOf)
    .option('--failed', 'only turns in which a model call or a tool failed')
    .option('--refused', 'only turns in which a tool was refused; with --failed either of them')
    .option('--search <text>', 'only turns with this text in the prompt or the answer')
    .option('--session <id>', 'only of this session: its id, or a unique prefix')
  addFilterOptions(
    addTimeOptions(command, `only sessions with activity since (default: ${DEFAULT_DAYS}d)`),
  )
    .option(
      '-n, --limit <count>',
      `turns at most, up to ${MAX_LIMIT}`,
      numberBetween(1, MAX_LIMIT),
      DEFAULT_LIMIT,
    )
    .option('--with-answer', 'the recorded answer as expected output; else that is left empty')
    .option('--dry-run', 'list what would be sent without sending it')
    .option('--json', 'print JSON')
    .addHelpText('after', NOTE)
    .action((name: string, options: Options) =>
      concluded(withData(context, (data) => dataset(data, context, name, options))),
    )
}

function nameOf(text: string): string {
  const name = text.trim()
  if (name !== '' && name.length <= MAX_NAME_LENGTH && safeLine(name) === name) return name
  throw new InvalidArgumentError(
    `Expected 1 to ${MAX_NAME_LENGTH} characters, none of them a control character.`,
  )
}

/** What became of the turns that match. */
interface Found {
  readonly turns: readonly (SelectedTurn & { readonly session: SessionRow })[]
  /** Turns whose prompt was not recorded. */
  readonly unrecorded: number
  /** Sessions that are routed to another destination. */
  readonly elsewhere: number
  /** There may be more than the limit lets through. */
  readonly isCut: boolean
}

async function dataset(
  data: Data,
  context: CliContext,
  name: string,
  options: Options,
): Promise<Outcome> {
  const { config } = data
  const { json = false, dryRun = false } = options
  if (config.privacy.dropped.includes('prompts')) {
    return failed(
      'CONTENT_PROMPTS=drop: prompts are not kept, so there is nothing to send',
      'Nothing was sent.',
    )
  }
  const { langfuse } = config
  if (langfuse === undefined && !dryRun) {
    return failed(
      'Langfuse keys or address are not set',
      'Set LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_HOST.',
    )
  }
  const rows = await sessionsOf(data, context, options)
  if (!rows.ok) return rows
  const found = await turnsOf(data, context, rows.value, options)
  if (!found.ok) return found
  const { turns, unrecorded } = found.value
  if (turns.length === 0) {
    if (unrecorded === 0) return failed('no turn matches', NO_SESSION_NEXT)
    return failed(
      `none of the ${countOfText(unrecorded, 'turn')} that match has a recorded prompt: nothing was sent`,
      'The agent has to send prompts: claude-telemetry install --content prompts',
    )
  }
  if (langfuse !== undefined) {
    nameDestinations(json ? context.stderr : context.stdout, [
      langfuseDestination(langfuse.baseUrl, context),
    ])
  }
  if (dryRun || langfuse === undefined) return told(name, found.value, undefined, context, json)
  const { createLangfuseDatasets } = await import('../exporters/langfuse/dataset-client.ts')
  const sent = await send(createLangfuseDatasets(langfuse), context, name, found.value, options)
  return sent.ok ? told(name, found.value, sent.value, context, json) : sent
}

/** The newest first. */
async function sessionsOf(
  { reports }: Data,
  context: CliContext,
  { session, ...options }: Options,
): Promise<Result<readonly SessionRow[], Failure>> {
  const nowMs = context.now()
  if (session !== undefined) {
    const found = await findSession(reports, session)
    return found.ok ? ok([found.value]) : found
  }
  const filter = filterOf(options, nowMs, nowMs - DEFAULT_DAYS * DAY_MS)
  const rows = await selectSessions(reports, [], filter)
  return rows.ok ? ok(rows.value.toReversed()) : rows
}

async function turnsOf(
  { config, policy, reader }: Data,
  context: CliContext,
  rows: readonly SessionRow[],
  options: Options,
): Promise<Result<Found, Failure>> {
  const [
    { selectedTurns },
    { createSharedText },
    { readMasking },
    { createSessionFolds },
    { letOthersRun },
  ] = await Promise.all([
    import('../reports/dataset-turns.ts'),
    import('../reports/export/shared-text.ts'),
    import('../processors/masking.ts'),
    import('../reports/session-folds.ts'),
    import('../reports/pause.ts'),
  ])
  const masking = await readMasking(config.privacy)
  if (!masking.ok) return failed(masking.error)
  const shared = createSharedText(masking.value, false, null)
  const { failed: isFailed = false, refused = false, search = '', limit } = options
  const selection: TurnSelection = { failed: isFailed, refused, search }
  const progress = createProgress(context.stderr)
  const turns: Found['turns'][number][] = []
  let unrecorded = 0
  let elsewhere = 0
  let isCut = false
  for (const [index, session] of rows.entries()) {
    // Each session is told once, so none is kept.
    const deps = {
      folds: createSessionFolds({ reader, policy }),
      pause: letOthersRun,
      maxContentLength: policy.maxContentLength,
    }
    if (session.route !== undefined && !session.route.includes('langfuse')) {
      elsewhere += 1
      continue
    }
    // Failed tools and model calls are what a session counts as its errors.
    if (isFailed && !refused && session.errors === 0) continue
    if (turns.length >= limit) {
      isCut = true
      break
    }
    progress.show(index, rows.length, `${index} of ${countOfText(rows.length, 'session')}`)
    for (const turn of (await selectedTurns(deps, session.key, selection, shared)).toReversed()) {
      if (turn.prompt === undefined) unrecorded += 1
      else if (turns.length < limit) turns.push({ ...turn, session })
      else isCut = true
    }
  }
  progress.clear()
  return ok({ turns, unrecorded, elsewhere, isCut })
}

/** What was done. */
interface Sent {
  readonly created: boolean
  readonly added: number
}

async function send(
  datasets: LangfuseDatasets,
  context: CliContext,
  name: string,
  { turns }: Found,
  options: Options,
): Promise<Result<Sent, Failure>> {
  const { datasetItemId } = await import('../exporters/langfuse/dataset-client.ts')
  const made = await datasets.ensure(name, 'Turns of coding agents, sent by claude-telemetry')
  if (!made.ok) return failed(made.error)
  const progress = createProgress(context.stderr)
  let added = 0
  for (const [index, turn] of turns.entries()) {
    progress.show(index, turns.length, `${index} of ${countOfText(turns.length, 'turn')}`)
    const id = datasetItemId(name, turn.sessionKey, turn.turnKey)
    const sent = await datasets.add(name, itemOf(id, turn, options))
    if (!sent.ok) {
      progress.clear()
      return failed(
        `${sent.error} (${added} of ${countOfText(turns.length, 'turn')} were added before)`,
        'Run the command again: what was added stays as it is.',
      )
    }
    if (sent.value) added += 1
  }
  progress.clear()
  return ok({ created: made.value, added })
}

function itemOf(
  id: string,
  turn: Found['turns'][number],
  { withAnswer = false }: Options,
): DatasetItem {
  const { session, answer, prompt = '', ordinal, traceId, costUsd, models, problems } = turn
  return {
    id,
    input: [{ role: 'user', content: prompt }],
    ...(withAnswer && answer !== undefined && { expectedOutput: answer }),
    metadata: {
      session: session.sessionId,
      turn: ordinal,
      traceId,
      at: new Date(turn.startMs).toISOString(),
      agent: session.agent,
      project: session.project,
      models,
      costUsd,
      problems,
    },
    sourceTraceId: traceId,
  }
}

function told(
  name: string,
  found: Found,
  sent: Sent | undefined,
  { stdout }: CliContext,
  json: boolean,
): Outcome {
  const { turns, unrecorded, elsewhere, isCut } = found
  if (json) {
    return ok({
      document: jsonDocument({
        dataset: name,
        created: sent?.created ?? false,
        added: sent?.added ?? 0,
        unchanged: sent === undefined ? 0 : turns.length - sent.added,
        dryRun: sent === undefined,
        withoutPrompt: unrecorded,
        sessionsElsewhere: elsewhere,
        isCut,
        turns: turns.map(({ session, ordinal, traceId, costUsd }) => {
          return { session: session.sessionId, turn: ordinal, traceId, costUsd }
        }),
      }),
    })
  }
  const notes = [
    ...(isCut ? [`There may be more: --limit is ${turns.length}.`] : []),
    ...(unrecorded > 0
      ? [`${countOfText(unrecorded, 'turn')} left out: their prompts were not recorded.`]
      : []),
    ...(elsewhere > 0
      ? [`${countOfText(elsewhere, 'session')} left out: their routes lead elsewhere.`]
      : []),
  ]
  if (sent === undefined) {
    const what = `Would send ${countOfText(turns.length, 'turn')} to dataset ${name}.`
    return ok({ lines: [...tableLines(columns, turns, stdout), '', what, ...notes] })
  }
  const made = sent.created ? ' (created)' : ''
  const there = turns.length - sent.added
  const rest = there === 0 ? '' : `; ${countOfText(there, 'turn')} there already`
  return ok({
    lines: [`Sent ${countOfText(sent.added, 'turn')} to dataset ${name}${made}${rest}.`, ...notes],
  })
}

const columns: readonly Column<Found['turns'][number]>[] = [
  { title: 'SESSION', text: ({ session }) => shortId(session.sessionId) },
  { title: 'TURN', align: 'right', text: ({ ordinal }) => String(ordinal) },
  {
    title: 'COST',
    align: 'right',
    text: ({ costUsd }) => (costUsd === null ? '–' : usdText(costUsd)),
  },
  { title: 'PROMPT', text: ({ prompt = '' }) => prompt, shrinksTo: 16 },
  { title: 'PROBLEM', text: ({ problems }) => problems[0] ?? '', shrinksTo: 12, rank: 1 },
]
