/** Whether budgets can be read and are for somebody, and whether alerts have a way to people. */
import type { AlertChannel } from '../alerts/channel.ts'
import { alertChannels } from '../alerts/channels.ts'
import { readFixedBudgets } from '../config/budgets-file.ts'
import type { Config } from '../config/config.ts'
import { allBudgets } from '../domain/budget-plan.ts'
import { budgetOfText } from '../domain/budget-subject.ts'
import type { KnownBudget } from '../domain/managed-budget.ts'
import { isStoreMissing, openReader } from '../storage/beside.ts'
import type { SessionFilter, StoreReader } from '../storage/store-reader.ts'
import { fault, fine, type Finding, warning } from './finding.ts'

/** Budgets named in one finding. */
const MAX_NAMED = 5

/** None where there are neither budgets nor channels. Tells nobody anything. */
export async function budgetFindings(
  config: Config,
  stop: AbortSignal = new AbortController().signal,
): Promise<readonly Finding[]> {
  return [...(await definedFindings(config)), ...(await channelFindings(config, stop))]
}

async function definedFindings(config: Config): Promise<readonly Finding[]> {
  const { file } = config.budgets
  const fixed = readFixedBudgets(config.budgets)
  if (!fixed.ok) {
    return [fault('budgets.file', fixed.error, 'Correct it; the bridge does not start with it')]
  }
  const count = fixed.value.filter(({ source }) => source === 'file').length
  const read = fine('budgets.file', `${count === 1 ? 'one budget' : `${count} budgets`} in ${file}`)
  return [...(file === undefined ? [] : [read]), ...(await subjectFindings(config, fixed.value))]
}

/** Budgets for names that no session has, those of commands included. */
async function subjectFindings(
  config: Config,
  fixed: readonly KnownBudget[],
): Promise<readonly Finding[]> {
  if (isStoreMissing(config)) return []
  const opened = await openReader(config)
  // Other checks say why.
  if (!opened.ok) return []
  const reader = opened.value
  try {
    const named = allBudgets(fixed, await reader.budgets.defined()).filter(
      ({ subject }) => subject !== undefined,
    )
    const unknown: KnownBudget[] = []
    for (const budget of named) if (!(await hasSession(reader, budget))) unknown.push(budget)
    if (named.length === 0) return []
    if (unknown.length === 0) {
      const what = named.length === 1 ? 'the budget' : `all ${named.length} budgets`
      return [fine('budgets.names', `${what} for somebody by name: there are sessions of theirs`)]
    }
    const shown = unknown
      .slice(0, MAX_NAMED)
      .map((budget) => `${budget.name} (${budgetOfText(budget)})`)
    const more = unknown.length - shown.length
    const list = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
    return [
      warning(
        'budgets.names',
        `no session is stored of whom these budgets are for: ${list}`,
        'Check the names, which are compared exactly; claude-telemetry sessions and report --group user show those that there are',
      ),
    ]
  } finally {
    await reader.close()
  }
}

async function hasSession(
  { lists }: Pick<StoreReader, 'lists'>,
  { of, subject }: KnownBudget,
): Promise<boolean> {
  const filter: SessionFilter = { attributes: [], ...(of !== 'all' && { [of]: subject }) }
  const question = {
    ...{ filter, fromMs: undefined, toMs: undefined },
    ...({ state: 'any', order: 'last', direction: 'desc' } as const),
  }
  return (await lists.page(question, undefined, 1)).length > 0
}

async function channelFindings(config: Config, stop: AbortSignal): Promise<readonly Finding[]> {
  const channels = alertChannels(config)
  if (!channels.ok) {
    const todo = 'Correct it; the bridge does not start with it'
    return [fault('alerts.settings', channels.error, todo)]
  }
  return Promise.all(channels.value.map((channel) => channelFinding(channel, stop)))
}

const SETTINGS: Readonly<Record<AlertChannel['name'], string>> = {
  webhook: 'BUDGET_WEBHOOK_URL',
  slack: 'ALERT_SLACK_URL',
  mail: 'SMTP_URL',
  desktop: 'ALERT_DESKTOP',
  json: 'ALERT_JSON_URL',
}

async function channelFinding(channel: AlertChannel, stop: AbortSignal): Promise<Finding> {
  const { name, label } = channel
  const checked = await channel.check(stop)
  if (checked.ok) return fine(`alerts.${name}`, `${label}: can be reached`)
  return fault(
    `alerts.${name}`,
    `${label}: ${checked.error}`,
    `Check ${SETTINGS[name]} and the network; alerts wait until it can be reached`,
  )
}
