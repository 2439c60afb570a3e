/** `waste`: where sessions spent money or time to no purpose. */
import type { Command } from 'commander'
import { addUsd } from '../domain/exact-sum.ts'
import { ok } from '../domain/result.ts'
import { usdText } from '../domain/usd-text.ts'
import { isWorthShowing } from '../api/contract/waste-words.ts'
import { type SharedFinding, sharedFindings } from '../reports/waste/findings.ts'
import type { CliContext } from './context.ts'
import { countOfText } from '../domain/figure-text.ts'
import { allSessions, findSession } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, jsonDocument, type Outcome } from './outcome.ts'
import { createProgress } from './progress.ts'
import { addFilterOptions, addTimeOptions, type FilterOptions, filterOf } from './session-filter.ts'
import type { TextLine } from './terminal.ts'
import { wasteLines } from './waste-text.ts'

interface Options extends FilterOptions {
  readonly json?: boolean
}

const DEFAULT_DAYS = 7
const DAY_MS = 86_400_000

const NOTE = `
Costs are worked out from what the calls cost. Where only the size of a result is known, four bytes count
as one token. What a finding cannot price is left out, but for waiting, which costs time.`

export function addWaste(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('waste')
    .summary('show where sessions wasted money or time')
    .description(
      'Shows retry loops, files read again unchanged, cold caches, compactions, large tool results,\n' +
        'expensive models on small subagents, and waiting for permission, each with its cost.',
    )
    .argument(
      '[session]',
      'session id, or a unique prefix of one (default: all of the last 7 days)',
    )
  addTimeOptions(command, 'only sessions with activity since')
  addFilterOptions(command)
    .option('--json', 'print JSON')
    .addHelpText('after', NOTE)
    .action((id: string | undefined, options: Options) =>
      concluded(withData(context, (data) => waste(data, context, id, options))),
    )
}

async function waste(
  { reports }: Data,
  context: CliContext,
  id: string | undefined,
  options: Options,
): Promise<Outcome> {
  const { json = false, ...filter } = options
  const nowMs = context.now()
  const keys: string[] = []
  if (id === undefined) {
    const query = filterOf(filter, nowMs, nowMs - DEFAULT_DAYS * DAY_MS)
    for await (const { key } of allSessions(reports, query)) keys.push(key)
  } else {
    const found = await findSession(reports, id)
    if (!found.ok) return found
    keys.push(found.value.key)
  }
  const progress = createProgress(context.stderr)
  const all: SharedFinding[] = []
  for (const [index, key] of keys.entries()) {
    progress.show(index, keys.length, countOfText(index, 'session'))
    const found = await reports.waste(key)
    for (const finding of found?.findings ?? []) all.push({ ...finding, sessions: 1 })
  }
  progress.clear()
  const findings = sharedFindings(all)
  if (json) return ok({ document: jsonDocument({ sessions: keys.length, findings }) })
  return ok({ lines: linesOf(findings.filter(isWorthShowing), keys.length, context) })
}

function linesOf(
  findings: readonly SharedFinding[],
  sessions: number,
  { stdout }: CliContext,
): readonly TextLine[] {
  if (sessions === 0) return ['There are no sessions in that time.']
  if (findings.length === 0) return [`No waste was found in ${countOfText(sessions, 'session')}.`]
  const usd = findings.reduce((sum, finding) => addUsd(sum, finding.usd ?? 0), 0)
  return [
    `${usdText(usd)} in ${countOfText(sessions, 'session')}`,
    '',
    ...wasteLines(findings, stdout),
  ]
}
