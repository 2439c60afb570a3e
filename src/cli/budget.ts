/**
 * `budget override`: lets through for a while what a spent budget refuses, and says what is let
 * through. Only a running bridge refuses anything, so it is the bridge that is asked.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { BridgeApi } from '../api/bridge-client.ts'
import type { BudgetOverrides } from '../api/contract/budgets.ts'
import { MAX_OVERRIDE_MS, readOverriddenBudget } from '../domain/budget-brake.ts'
import { ok, type Result } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { configuredBridge } from './folder-bridge.ts'
import { type Conclude, failed, jsonDocument, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { dateTimeText } from './zoned-time.ts'

interface OverrideOptions {
  readonly for: number
  readonly budget?: string
  readonly by?: string
}

interface ListOptions {
  readonly json?: boolean
}

const NOT_RUNNING =
  'While no bridge answers, no budget refuses anything. If it uses another port, set OTLP_RECEIVER_PORT.'

export function addBudget(program: Command, context: CliContext, concluded: Conclude): void {
  const budget = program
    .command('budget')
    .summary('let through what a spent budget refuses')
    .description('Lifts budgets that refuse prompts (BUDGET_ACTION), for a while.')
  budget
    .command('override')
    .description(
      'Lifts budgets for a while. Who did it, and until when, is stored and said in the log.',
    )
    .requiredOption('--for <time>', 'how long, such as 30m, 1h or 2d; at most 31d', durationOf)
    .option(
      '--budget <budget>',
      'only this one: day, session, user or team, or one of these such as user:ada',
      budgetOf,
    )
    .option('--by <name>', 'who asks for it (default: the user of this machine)')
    .action((options: OverrideOptions) => concluded(override(context, options)))
  budget
    .command('overrides')
    .description('Lists the budgets that are lifted now.')
    .option('--json', 'print them as JSON')
    .action((options: ListOptions) => concluded(list(context, options)))
}

function override(
  context: CliContext,
  { for: forMs, budget, by = userOf(context) }: OverrideOptions,
): Promise<Outcome> {
  return asked(
    context,
    (bridge) => bridge.override({ forMs, by, ...(budget !== undefined && { budget }) }),
    ({ overrides }) => ({ lines: overrides.map(lineOf) }),
  )
}

function list(context: CliContext, { json = false }: ListOptions): Promise<Outcome> {
  return asked(
    context,
    (bridge) => bridge.overrides(),
    (answer) => {
      if (json) return { document: jsonDocument(answer) }
      const lines = answer.overrides.map(lineOf)
      return { lines: lines.length === 0 ? ['No budget is lifted.'] : lines }
    },
  )
}

async function asked(
  context: CliContext,
  question: (bridge: BridgeApi) => Promise<Result<BudgetOverrides, string>>,
  reportOf: (answer: BudgetOverrides) => { lines: string[] } | { document: string },
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const bridge = configuredBridge(config.value)
  const answer = await question(bridge)
  if (!answer.ok) return failed(`the bridge at ${bridge.address} ${answer.error}`, NOT_RUNNING)
  return ok(reportOf(answer.value))
}

function lineOf({ budget, untilMs, by }: BudgetOverrides['overrides'][number]): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const what = budget === null ? 'All budgets are' : `The budget ${budget} is`
  return `${what} lifted until ${dateTimeText(untilMs, timeZone)}, by ${by}.`
}

/** Characters of a name that the bridge takes. */
const MAX_NAME_LENGTH = 200

function userOf({ shellVariables }: CliContext): string {
  const { LOGNAME, USER, USERNAME } = shellVariables
  const named = [LOGNAME, USER, USERNAME].find((name) => name !== undefined && name !== '')
  return (named ?? 'unknown').slice(0, MAX_NAME_LENGTH)
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNIT_MS[unit] ?? 0)
  if (ms > 0 && ms <= MAX_OVERRIDE_MS) return ms
  throw new InvalidArgumentError(
    'Expected minutes, hours or days, such as 30m, 1h or 2d; at most 31d.',
  )
}

function budgetOf(text: string): string {
  if (readOverriddenBudget(text) !== undefined) return text
  throw new InvalidArgumentError(
    'Expected day, session, user or team, or one of these such as user:ada.',
  )
}
