/**
 * `budget list | add | remove`: budgets, what was spent of them, and when they will be; and `budget
 * override`, which lets through for a while what a spent one refuses. Only a running bridge refuses
 * anything, so for that it is the bridge that is asked.
 */
import { userInfo } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import { type BridgeApi, refusedReason } from '../api/bridge-client.ts'
import {
  budgetBody,
  type BudgetOverrides,
  type Budgets,
  type BudgetState,
} from '../api/contract/budgets.ts'
import { readFixedBudgets } from '../config/budgets-file.ts'
import { MAX_OVERRIDE_MS, OVERRIDE_RULE, readOverriddenBudget } from '../domain/budget-brake.ts'
import { OF_RULE, WINDOW_RULE } from '../domain/budget-subject.ts'
import { LIMIT_RULE, MAX_LIMIT_USD, MIN_LIMIT_USD } from '../domain/managed-budget.ts'
import { ok, type Result } from '../domain/result.ts'
import { usdText } from '../domain/usd-text.ts'
import { addBudget as storeBudget, removeBudget } from './budget-access.ts'
import type { CliContext } from './context.ts'
import { configuredBridge } from './folder-bridge.ts'
import { withData } from './open-data.ts'
import { type Conclude, failed, jsonDocument, misused, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { tableLines } from './table.ts'
import type { Style, TextLine } from './terminal.ts'
import { dateText, dateTimeText } from './zoned-time.ts'

interface OverrideOptions {
  readonly for?: number
  readonly end?: boolean
  readonly budget?: string
  readonly by?: string
  readonly json?: boolean
}

interface ListOptions {
  readonly json?: boolean
}

const NOT_RUNNING =
  'While no bridge answers, no budget refuses anything. If it uses another port, set OTLP_RECEIVER_PORT.'

export function addBudget(program: Command, context: CliContext, concluded: Conclude): void {
  const budget = program
    .command('budget')
    .summary('list, add and remove budgets; let through what a spent one refuses')
    .description(
      'Lists, adds and removes budgets, and lifts those that refuse prompts (BUDGET_ACTION) for a while.',
    )
  budget
    .command('list')
    .description('Lists budgets: what was spent of them, what is left, and when the window ends.')
    .option('--json', 'print them as JSON')
    .action((options: ListOptions) => concluded(listBudgets(context, options)))
  budget
    .command('add')
    .description('Adds a budget. Budgets of the settings and of BUDGETS_FILE are changed there.')
    .argument('<name>', 'name of the budget: letters, digits, ".", "_" and "-"')
    .requiredOption('--limit <usd>', 'US dollars', limitOf)
    .requiredOption('--window <window>', `over which time: ${WINDOW_RULE}`)
    .option('--for <whom>', `whose spending: ${OF_RULE}`, 'all')
    .option('--replace', 'in the place of the one of that name')
    .option('--json', 'print the budget as JSON')
    .action((name: string, options: AddOptions) => concluded(add(context, name, options)))
  budget
    .command('remove')
    .description('Removes a budget that was added.')
    .argument('<name>', 'name of the budget')
    .option('--json', 'print its name as JSON')
    .action((name: string, options: ListOptions) => concluded(remove(context, name, options)))
  budget
    .command('override')
    .description(
      'Lifts budgets for a while, or ends that early. Who did it is stored, and said in the log.',
    )
    .option('--for <time>', 'how long, such as 30m, 1h or 2d; at most 31d', durationOf)
    .option('--end', 'end what is lifted now, before its time')
    .option('--budget <budget>', `only this one: ${OVERRIDE_RULE}`, budgetOf)
    .option('--by <name>', 'who asks for it (default: the user of this machine)')
    .option('--json', 'print all that are lifted now as JSON')
    .action((options: OverrideOptions) => concluded(override(context, options)))
  budget
    .command('overrides')
    .description('Lists the budgets that are lifted now.')
    .option('--json', 'print them as JSON')
    .action((options: ListOptions) => concluded(list(context, options)))
}

interface AddOptions {
  readonly limit: number
  readonly window: string
  readonly for: string
  readonly replace?: boolean
  readonly json?: boolean
}

async function add(context: CliContext, name: string, options: AddOptions): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const { limit, window, for: whom, replace = false } = options
  const body = budgetBody.safeParse({ name, for: whom, window, limitUsd: limit })
  if (!body.success) {
    const [issue] = body.error.issues
    return misused(`${issue?.path.join('.') ?? 'the budget'}: ${issue?.message ?? 'is wrong'}`)
  }
  const { budgetOfBody } = await import('../reports/budget-state.ts')
  const budget = budgetOfBody(body.data)
  if (!budget.ok) return misused(budget.error)
  const added = await storeBudget(config.value, budget.value, { replaces: replace })
  if (!added.ok) return added
  if (options.json === true)
    return ok({ document: jsonDocument({ name, for: whom, window, limitUsd: limit }) })
  return ok({
    lines: [`The budget ${name} is set: ${usdText(limit)} for ${whom}, window: ${window}.`],
  })
}

async function remove(
  context: CliContext,
  name: string,
  { json = false }: ListOptions,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const removed = await removeBudget(config.value, name)
  if (!removed.ok) return removed
  if (json) return ok({ document: jsonDocument({ name, removed: true }) })
  return ok({ lines: [`The budget ${name} is removed.`] })
}

function listBudgets(context: CliContext, { json = false }: ListOptions): Promise<Outcome> {
  return withData(context, async ({ config, reader }) => {
    const fixed = readFixedBudgets(config.budgets)
    if (!fixed.ok) return failed(fixed.error)
    const { createBudgetStates } = await import('../reports/budget-state.ts')
    const timeZone = config.budgets.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
    const { now } = context
    const states = createBudgetStates({ reader, fixed: fixed.value, timeZone, visible: 'all', now })
    const answer = await states()
    if (json) return ok({ document: jsonDocument(answer) })
    if (answer.defined?.length === 0) {
      const lines = ['There are no budgets. To set one: claude-telemetry budget add --help']
      return ok({ lines })
    }
    return ok({ lines: budgetTable(answer, timeZone, context) })
  })
}

/** A budget, or with dashes one that nobody has spent anything of. */
interface BudgetLine {
  readonly name: string
  readonly whom: string
  readonly window: string
  readonly limitUsd: number
  readonly state: BudgetState | undefined
}

function budgetTable(
  { budgets, defined = [] }: Budgets,
  timeZone: string,
  { stdout }: CliContext,
): readonly TextLine[] {
  const lines = defined.flatMap(({ name, for: whom, window, limitUsd }): BudgetLine[] => {
    const common = { name: name ?? settingOf(whom, window), window, limitUsd }
    const states = budgets.filter(
      (state) => isOf(state, name, window) && (name !== null || isOfSetting(state, whom)),
    )
    if (states.length === 0) return [{ ...common, whom, state: undefined }]
    return states.map((state) => ({ ...common, whom: whomOf(state, whom), state }))
  })
  return tableLines<BudgetLine>(
    [
      { title: 'BUDGET', text: ({ name }) => name, shrinksTo: 21 },
      { title: 'FOR', text: ({ whom }) => whom, shrinksTo: 16 },
      { title: 'WINDOW', text: ({ window }) => window },
      { title: 'SPENT', align: 'right', text: ({ state }) => usdOrDash(state?.spentUsd) },
      { title: 'LIMIT', align: 'right', text: ({ limitUsd }) => usdText(limitUsd) },
      {
        title: 'LEFT',
        align: 'right',
        text: ({ state }) => usdOrDash(state?.leftUsd),
        colour: ({ state }) => levelColour(state),
      },
      { title: 'UNTIL', text: ({ state }) => endText(state, timeZone), rank: 1 },
      { title: 'FORECAST', text: ({ state }) => forecastText(state, timeZone), rank: 2 },
    ],
    lines,
    stdout,
  )
}

function isOf({ budget = null, window }: BudgetState, name: string | null, of: string): boolean {
  return budget === name && window === of
}

function isOfSetting({ scope }: BudgetState, whom: string): boolean {
  return scope === (whom === 'all' ? 'day' : whom) || scope === 'session'
}

/** The variable that sets it. */
function settingOf(whom: string, window: string): string {
  if (window === 'session') return 'BUDGET_SESSION_USD'
  return whom === 'all' ? 'BUDGET_DAILY_USD' : `BUDGET_DAILY_${whom.toUpperCase()}_USD`
}

function whomOf({ scope, name, sessionKey }: BudgetState, whom: string): string {
  if (sessionKey !== null) return `session ${name ?? sessionKey}`
  return name === null ? whom : `${scope}:${name}`
}

function usdOrDash(usd: number | undefined): string {
  return usd === undefined ? '-' : usdText(usd)
}

function levelColour(state: BudgetState | undefined): Style | undefined {
  if (state === undefined || state.level === 'ok') return undefined
  return state.level === 'over' ? 'red' : 'yellow'
}

function endText(state: BudgetState | undefined, timeZone: string): string {
  const endMs = state?.resetsMs
  return endMs === undefined || endMs === null ? '-' : dateTimeText(endMs, timeZone)
}

function forecastText(state: BudgetState | undefined, timeZone: string): string {
  const forecast = state?.forecast
  if (forecast === undefined || forecast === null) return '-'
  const { spentAtMs, projectedUsd } = forecast
  return spentAtMs === null
    ? `lasts, ${usdText(projectedUsd)} at this pace`
    : `at this pace spent on ${dateText(spentAtMs, timeZone)}`
}

function override(
  context: CliContext,
  { for: forMs, end = false, budget, by = userOf(context), json = false }: OverrideOptions,
): Promise<Outcome> {
  const which = { by, ...(budget !== undefined && { budget }) }
  if (forMs === undefined ? !end : end) {
    return Promise.resolve(misused('override takes either --for <time> or --end'))
  }
  return asked(
    context,
    (bridge) =>
      forMs === undefined ? bridge.endOverride(which) : bridge.override({ forMs, ...which }),
    (answer) => reportOf(answer, json),
  )
}

function reportOf(
  answer: BudgetOverrides,
  isJson: boolean,
): { document: string } | { lines: string[] } {
  if (isJson) return { document: jsonDocument(answer) }
  const lines = answer.overrides.map(lineOf)
  return { lines: lines.length === 0 ? ['No budget is lifted.'] : lines }
}

function list(context: CliContext, { json = false }: ListOptions): Promise<Outcome> {
  return asked(
    context,
    (bridge) => bridge.overrides(),
    (answer) => reportOf(answer, json),
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
  if (!answer.ok) {
    const reason = refusedReason(answer.error)
    if (reason !== undefined) return failed(reason)
    return failed(`the bridge at ${bridge.address} ${answer.error}`, NOT_RUNNING)
  }
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
  return (named ?? accountName() ?? 'unknown').slice(0, MAX_NAME_LENGTH)
}

/** Services and containers often have no variable of it; some have no entry of it either. */
function accountName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
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

function limitOf(text: string): number {
  const limitUsd = /^\d{1,10}(?:\.\d{1,30})?$/.test(text) ? Number(text) : 0
  if (limitUsd >= MIN_LIMIT_USD && limitUsd <= MAX_LIMIT_USD) return limitUsd
  throw new InvalidArgumentError(`Expected ${LIMIT_RULE}.`)
}

function budgetOf(text: string): string {
  if (readOverriddenBudget(text) !== undefined) return text
  throw new InvalidArgumentError(`Expected ${OVERRIDE_RULE}.`)
}
