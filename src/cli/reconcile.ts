/**
 * `reconcile`: the figures of telemetry, metrics, transcripts and the provider side by side, and the likely
 * cause of each difference.
 */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { SessionRow } from '../api/contract/session-list.ts'
import { failureOf } from '../observability/read-failure.ts'
import { ok, type Result } from '../domain/result.ts'
import { usdText } from '../domain/usd-text.ts'
import {
  addDifferences,
  type Difference,
  type Figures,
  type Side,
} from '../reports/reconcile/differences.ts'
import { type ProviderDay, readProviderUsage } from '../reports/reconcile/provider-usage.ts'
import type { ReconciledDay, ReconciledSession } from '../reports/reconcile/reconciliation.ts'
import type { CliContext } from './context.ts'
import { costText } from '../domain/cost-text.ts'
import { countOfText, countText, tokensText } from '../domain/figure-text.ts'
import { allSessions, findSession } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, type Failure, jsonDocument, type Outcome } from './outcome.ts'
import { createProgress } from './progress.ts'
import { addTimeOptions, type FilterOptions, filterOf, timeZoneOf } from './session-filter.ts'
import { shortId } from './session-table.ts'
import { type Column, tableLines } from './table.ts'
import { styled, type Terminal, type TextLine } from './terminal.ts'
import { wrapped } from './wrapped-text.ts'

interface Options extends Pick<FilterOptions, 'since' | 'until' | 'tz'> {
  readonly usageCsv?: string
  readonly json?: boolean
}

/** An export of years has some megabytes. */
const MAX_CSV_BYTES = 64 * 1024 * 1024
const DEFAULT_DAYS = 30
const DAY_MS = 86_400_000

const NOTE = `
--usage-csv takes an export of the usage or the cost page of Anthropic's console. Its days are UTC days,
so the comparison uses UTC days as well. Nothing that is stored changes.`

export function addReconcile(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('reconcile')
    .summary("compare telemetry, metrics, transcripts and the provider's usage")
    .description(
      'Shows the calls, tokens and cost of a session as each source reports them, and the likely cause\n' +
        'of each difference. Without a session, compares all sessions, by session and by day.',
    )
    .argument('[session]', 'session id, or a unique prefix of one')
  addTimeOptions(command)
    .option('--usage-csv <file>', 'compare with usage or cost as the provider exports it')
    .option('--json', 'print JSON')
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
    const { reconciliation } = stored
    const metrics =
      reconciliation === null
        ? undefined
        : { costUsd: reconciliation.metricsUsd, tokens: reconciliation.metricsTokens }
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
    return failed(`cannot read ${failureOf(file, error)}`)
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
      : sessionsText(sessions, terminal)
  return [
    ...ofSessions,
    '',
    `Days (${timeZone}):`,
    ...tableLines(dayColumns(days), days, terminal),
    ...days.flatMap(({ date, cause }) => (cause === null ? [] : [`${date}: ${cause}`])),
  ]
}

/** Sessions named of those that share a difference. */
const MAX_NAMED = 5

/** Each cause once, with what it comes to over all sessions that have it. */
function sessionsText(
  sessions: readonly ReconciledSession[],
  terminal: Terminal,
): readonly TextLine[] {
  const found = sessions.flatMap(({ sessionId, differences }) =>
    differences.map((difference) => ({ sessionId, difference })),
  )
  const alike = Map.groupBy(found, ({ difference: { between, cause } }) =>
    JSON.stringify([between, cause]),
  )
  const same = sessions.filter(({ differences }) => differences.length === 0).length
  return [
    ...[...alike.values()].flatMap((of) => {
      const names = [...new Set(of.map(({ sessionId }) => shortId(sessionId)))]
      const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : ''
      const text = differenceText(of.map(({ difference }) => difference).reduce(addDifferences))
      return [
        ...wrapped(text, terminal, 2),
        [
          styled(
            'gray',
            `  ${countOfText(names.length, 'session')}: ${names.slice(0, MAX_NAMED).join(', ')}${more}`,
          ),
        ],
      ]
    }),
    sessions.length === 0
      ? 'There are no sessions in that time.'
      : `Compared ${countOfText(sessions.length, 'session')}: ${sessions.length - same} with a difference, ${same} without.`,
  ]
}

interface Row {
  readonly name: Side
  readonly figures: Figures | null
}

function sessionText(session: ReconciledSession, terminal: Terminal): readonly TextLine[] {
  const { telemetry, transcript, total, metrics, agentTotalUsd, differences, notes } = session
  const rows: readonly Row[] = [
    { name: 'telemetry', figures: telemetry },
    { name: 'transcript', figures: transcript },
    { name: 'total', figures: total },
  ]
  const number = (title: string, of: (figures: Figures) => string): Column<Row> => ({
    ...{ title, align: 'right' },
    text: ({ figures }) => (figures === null ? '-' : of(figures)),
  })
  const columns: readonly Column<Row>[] = [
    { title: 'SOURCE', text: ({ name }) => name },
    number('CALLS', ({ calls }) => countText(calls)),
    number('INPUT', ({ input }) => countText(input)),
    number('OUTPUT', ({ output }) => countText(output)),
    number('CACHE READ', ({ cacheRead }) => countText(cacheRead)),
    number('CACHE WRITE', ({ cacheCreation }) => countText(cacheCreation)),
    number('COST', ({ costUsd }) => costText(costUsd)),
  ]
  return [
    `Session ${session.sessionId}`,
    ...tableLines(columns, rows, terminal),
    ...unpricedText(total),
    ...(metrics?.costUsd == null ? [] : [`Metrics: ${usdText(metrics.costUsd)}`]),
    ...(agentTotalUsd === null ? [] : [`Agent's own total: ${usdText(agentTotalUsd)}`]),
    '',
    ...(differences.length === 0
      ? ['No difference.']
      : differences.flatMap((each) => wrapped(differenceText(each), terminal, 2))),
    ...notes.flatMap((note) => wrapped(`Note: ${note}.`, terminal, 2)),
  ]
}

function unpricedText({ calls, unpricedCalls }: Figures): readonly string[] {
  if (unpricedCalls === 0) return []
  return [`Cost of ${unpricedCalls} of ${countOfText(calls, 'call')}: unknown, without a price.`]
}

/** `telemetry has 2 calls, $0.02 more than transcript: compactions leave no line in the transcript`. */
function differenceText({
  between: [one, other],
  calls = 0,
  differingCalls = 0,
  costUsd = 0,
  tokens = 0,
  cause,
}: Difference): string {
  const amounts = (sign: 1 | -1): string =>
    [
      Math.sign(calls) === sign ? countOfText(Math.abs(calls), 'call') : undefined,
      Math.sign(costUsd) === sign ? usdText(Math.abs(costUsd)) : undefined,
      Math.sign(tokens) === sign ? tokensText(Math.abs(tokens)) : undefined,
    ]
      .filter((text) => text !== undefined)
      .join(', ')
  const parts = [
    ...(amounts(1) === '' ? [] : [`${amounts(1)} more`]),
    ...(amounts(-1) === '' ? [] : [`${amounts(-1)} less`]),
  ]
  const differing =
    differingCalls === 0 ? '' : ` (in ${countOfText(differingCalls, 'call')} that both have)`
  const what =
    parts.length === 0
      ? `${one} and ${other} differ`
      : `${one} has ${parts.join(' and ')} than ${other}`
  return `${what}${differing}: ${cause}`
}

function dayColumns(days: readonly ReconciledDay[]): readonly Column<ReconciledDay>[] {
  const side = (
    title: string,
    of: (day: ReconciledDay) => Figures | null,
  ): Column<ReconciledDay>[] => {
    const text = (write: (figures: Figures) => string) => (day: ReconciledDay) => {
      const figures = of(day)
      return figures === null || figures.calls === 0 ? '-' : write(figures)
    }
    return [
      { title: `${title} CALLS`, align: 'right', text: text(({ calls }) => countText(calls)) },
      { title: 'COST', align: 'right', text: text(({ costUsd }) => costText(costUsd)) },
    ]
  }
  const provider: readonly Column<ReconciledDay>[] = [
    {
      ...{ title: 'TOKENS', align: 'right' },
      text: ({ total: { calls, input, output, cacheRead, cacheCreation } }) =>
        calls === 0 ? '-' : countText(input + output + cacheRead + cacheCreation),
    },
    {
      ...{ title: 'PROVIDER TOKENS', align: 'right' },
      text: (day) => (day.provider?.tokens == null ? '-' : countText(day.provider.tokens)),
    },
    {
      ...{ title: 'PROVIDER COST', align: 'right' },
      text: (day) => (day.provider?.costUsd == null ? '-' : usdText(day.provider.costUsd)),
    },
  ]
  return [
    { title: 'DAY', text: ({ date }) => date },
    ...side('TELEMETRY', ({ telemetry }) => telemetry),
    ...side('TRANSCRIPT', ({ transcript }) => transcript),
    ...side('TOTAL', ({ total }) => total),
    ...(days.some((day) => day.provider !== null) ? provider : []),
  ]
}
