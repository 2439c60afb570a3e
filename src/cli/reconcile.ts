/**
 * `reconcile`: telemetry, metrics, transcripts and what the provider says, side by side, with what their
 * differences likely come from.
 */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { SessionRow } from '../api/contract/session-list.ts'
import { ok, type Result } from '../domain/result.ts'
import { usdText } from '../domain/usd-text.ts'
import type { Difference, Figures } from '../reports/reconcile/differences.ts'
import { type ProviderDay, readProviderUsage } from '../reports/reconcile/provider-usage.ts'
import type { ReconciledDay, ReconciledSession } from '../reports/reconcile/reconciliation.ts'
import type { CliContext } from './context.ts'
import { countOfText, countText, tokensText } from './figures.ts'
import { allSessions, findSession } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, type Failure, jsonDocument, type Outcome } from './outcome.ts'
import { createProgress } from './progress.ts'
import { addTimeOptions, type FilterOptions, filterOf, timeZoneOf } from './session-filter.ts'
import { shortId } from './session-table.ts'
import { type Column, tableLines } from './table.ts'
import type { Terminal, TextLine } from './terminal.ts'

interface Options extends Pick<FilterOptions, 'since' | 'until' | 'tz'> {
  readonly usageCsv?: string
  readonly json?: boolean
}

/** An export of years has some megabytes. */
const MAX_CSV_BYTES = 64 * 1024 * 1024
const DEFAULT_DAYS = 30
const DAY_MS = 86_400_000

const NOTE = `
The file of --usage-csv is an export of the usage or the cost page of Anthropic's console. Its days are
UTC, so with it all days are.`

export function addReconcile(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('reconcile')
    .summary('compare telemetry, metrics, transcripts and the provider’s usage')
    .description(
      'Shows what each source of a session tells, side by side, and where they differ, with the\n' +
        'likely cause. Without a session, all sessions of the last 30 days and their days.',
    )
    .argument('[session]', 'session id, or a unique prefix of one')
  addTimeOptions(command)
    .option('--usage-csv <file>', 'usage or cost as the provider exports it')
    .option('--json', 'print it as JSON')
    .addHelpText('after', NOTE)
    .action((id: string | undefined, options: Options) =>
      concluded(withData(context, (data) => reconcile(data, context, id, options))),
    )
}

async function reconcile(
  data: Data,
  context: CliContext,
  id: string | undefined,
  options: Options,
): Promise<Outcome> {
  const provider = await readProvider(context, options.usageCsv)
  if (!provider.ok) return provider
  const rows = await selected(data, context, id, options)
  if (!rows.ok) return rows
  const timeZone = options.usageCsv === undefined ? timeZoneOf(options) : 'UTC'
  const { records } = data.reader
  const { createReconciling } = await import('../reports/reconcile/reconciliation.ts')
  const reconciling = createReconciling({ records, priceOf: data.policy.priceOf, timeZone })
  const progress = createProgress(context.stderr)
  const sessions: ReconciledSession[] = []
  for (const [index, row] of rows.value.entries()) {
    progress.show(index, rows.value.length, countOfText(index, 'session'))
    const stored = await data.reports.session(row.key)
    if (stored === undefined) continue
    const told = stored.reconciliation
    const metrics =
      told === null ? undefined : { costUsd: told.metricsUsd, tokens: told.metricsTokens }
    sessions.push(await reconciling.add(row, metrics))
  }
  progress.clear()
  const days = reconciling.days(provider.value)
  if (options.json === true) return ok({ document: jsonDocument({ timeZone, sessions, days }) })
  return ok({ lines: textOf(sessions, days, context.stdout, timeZone) })
}

async function readProvider(
  { platform }: CliContext,
  file: string | undefined,
): Promise<Result<readonly ProviderDay[], Failure>> {
  if (file === undefined) return ok([])
  try {
    const path = resolve(platform.workingDir, file)
    const { size } = await stat(path)
    if (size > MAX_CSV_BYTES) return failed(`${file} is larger than 64 MB`)
    const read = readProviderUsage(await readFile(path, 'utf8'))
    return read.ok ? read : failed(`${file} cannot be used: ${read.error}`)
  } catch (error) {
    return failed(
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    )
  }
}

async function selected(
  { reports }: Data,
  context: CliContext,
  id: string | undefined,
  options: Options,
): Promise<Result<readonly SessionRow[], Failure>> {
  if (id !== undefined) {
    const found = await findSession(reports, id)
    return found.ok ? ok([found.value]) : found
  }
  const nowMs = context.now()
  const { usageCsv, json: _, ...times } = options
  const filter = filterOf(
    times,
    nowMs,
    usageCsv === undefined ? nowMs - DEFAULT_DAYS * DAY_MS : undefined,
  )
  const rows: SessionRow[] = []
  for await (const row of allSessions(reports, { ...filter, attribute: [] })) rows.push(row)
  return ok(rows)
}

function textOf(
  sessions: readonly ReconciledSession[],
  days: readonly ReconciledDay[],
  terminal: Terminal,
  timeZone: string,
): readonly TextLine[] {
  if (sessions.length === 0 && days.length === 0) return ['There are no sessions in that time.']
  const [only] = sessions
  const ofSessions =
    sessions.length === 1 && only !== undefined
      ? sessionText(only, terminal)
      : sessions.flatMap(({ sessionId, differences }) =>
          differences.length === 0
            ? []
            : [`${shortId(sessionId)}:`, ...differences.map((each) => `  ${differenceText(each)}`)],
        )
  const same = sessions.filter(({ differences }) => differences.length === 0).length
  return [
    ...ofSessions,
    ...(sessions.length > 1
      ? [`${countOfText(same, 'session')} of ${sessions.length} without a difference.`]
      : []),
    '',
    `Days (${timeZone}):`,
    ...tableLines(dayColumns(days), days, terminal),
    ...days.flatMap(({ date, cause }) => (cause === null ? [] : [`${date}: ${cause}`])),
  ]
}

interface Side {
  readonly name: string
  readonly figures: Figures | null
}

function sessionText(session: ReconciledSession, terminal: Terminal): readonly TextLine[] {
  const { telemetry, transcript, counted, metrics, agentTotalUsd, differences } = session
  const sides: readonly Side[] = [
    { name: 'telemetry', figures: telemetry },
    { name: 'transcript', figures: transcript },
    { name: 'what counts', figures: counted },
  ]
  const number = (title: string, of: (figures: Figures) => string): Column<Side> => ({
    ...{ title, align: 'right' },
    text: ({ figures }) => (figures === null ? '-' : of(figures)),
  })
  const columns: readonly Column<Side>[] = [
    { title: 'SOURCE', text: ({ name }) => name },
    number('CALLS', ({ calls }) => countText(calls)),
    number('INPUT', ({ input }) => countText(input)),
    number('OUTPUT', ({ output }) => countText(output)),
    number('CACHE READ', ({ cacheRead }) => countText(cacheRead)),
    number('CACHE WRITE', ({ cacheCreation }) => countText(cacheCreation)),
    number('COST', ({ costUsd }) => usdText(costUsd)),
  ]
  return [
    `Session ${session.sessionId}`,
    ...tableLines(columns, sides, terminal),
    ...(metrics?.costUsd == null ? [] : [`Metrics: ${usdText(metrics.costUsd)}`]),
    ...(agentTotalUsd === null ? [] : [`The agent's own total: ${usdText(agentTotalUsd)}`]),
    '',
    ...(differences.length === 0 ? ['No difference.'] : differences.map(differenceText)),
  ]
}

/** `telemetry / transcript: 2 calls, $0.02, 300 tokens: compactions leave no line…`. */
function differenceText({ between, calls, costUsd, tokens, cause }: Difference): string {
  const amounts = [
    calls === undefined ? undefined : countOfText(calls, 'call'),
    costUsd === undefined || costUsd === 0 ? undefined : usdText(costUsd),
    tokens === undefined || tokens === 0 ? undefined : tokensText(tokens),
  ].filter((text) => text !== undefined)
  const what = amounts.length === 0 ? '' : ` ${amounts.join(', ')}:`
  return `${between.join(' / ')}:${what} ${cause}`
}

function dayColumns(days: readonly ReconciledDay[]): readonly Column<ReconciledDay>[] {
  const side = (
    title: string,
    of: (day: ReconciledDay) => Figures | null,
  ): Column<ReconciledDay>[] => [
    {
      ...{ title: `${title} CALLS`, align: 'right' },
      text: (day) => countText(of(day)?.calls ?? 0),
    },
    { title: 'COST', align: 'right', text: (day) => usdText(of(day)?.costUsd ?? 0) },
  ]
  const provider: readonly Column<ReconciledDay>[] = [
    {
      ...{ title: 'TOKENS', align: 'right' },
      text: ({ counted: { input, output, cacheRead, cacheCreation } }) =>
        countText(input + output + cacheRead + cacheCreation),
    },
    {
      ...{ title: 'PROVIDER TOKENS', align: 'right' },
      text: ({ provider: told }) => (told?.tokens == null ? '-' : countText(told.tokens)),
    },
    {
      ...{ title: 'PROVIDER COST', align: 'right' },
      text: ({ provider: told }) => (told?.costUsd == null ? '-' : usdText(told.costUsd)),
    },
  ]
  return [
    { title: 'DAY', text: ({ date }) => date },
    ...side('TELEMETRY', ({ telemetry }) => telemetry),
    ...side('TRANSCRIPT', ({ transcript }) => transcript),
    ...side('COUNTED', ({ counted }) => counted),
    ...(days.some(({ provider: told }) => told !== null) ? provider : []),
  ]
}
