/**
 * `start`: the bridge itself. `--check-config` shows what it would run with, secrets hidden, and
 * runs nothing.
 */
import type { Command } from 'commander'
import { readJsonTemplate } from '../alerts/json-channel.ts'
import type { Config } from '../config/config.ts'
import type { OriginOf } from '../config/config-problem.ts'
import { effectiveVariables } from '../config/effective-variables.ts'
import { readFixedBudgets } from '../config/budgets-file.ts'
import { readRoutesFile } from '../config/routes-file.ts'
import type { Variables } from '../config/settings.ts'
import { err, ok } from '../domain/result.ts'
import { readOwnPrices } from '../prices/own-prices.ts'
import { readMasking } from '../processors/masking.ts'
import type { CliContext } from './context.ts'
import { type Conclude, failed, type Outcome } from './outcome.ts'
import { originsOf } from './destination.ts'
import { readConfig } from './read-config.ts'

interface Options {
  readonly checkConfig?: boolean
}

export function addStart(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('start')
    .summary('run the bridge (also without any command)')
    .description('Runs the bridge until it is stopped (Ctrl-C, SIGTERM).')
    .option('--check-config', 'print the configuration it would run with and exit')
    .action((options: Options) => concluded(start(context, options)))
}

/** Runs the bridge, or shows what it would run with. */
export async function start(
  context: CliContext,
  { checkConfig = false }: Options,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const settings = context.settings()
  if (!settings.ok) return settings
  const { variables, originOf } = settings.value
  const problems = await fileProblems(config.value, originOf)
  if (problems.length > 0) return err({ messages: problems })
  if (checkConfig) return ok({ lines: configLines(variables, config.value.dataDir) })
  const served = await context.serve({ config: config.value, origins: originsOf(settings.value) })
  return served.ok ? ok({ lines: [] }) : failed(served.error)
}

/** What is wrong with the files that settings name, with where each setting stands. */
async function fileProblems(
  { privacy, pricesFile, routesFile, budgets, alerts }: Config,
  originOf: OriginOf,
): Promise<readonly string[]> {
  const read = [
    ['MASK_PATTERNS_FILE', await readMasking(privacy)],
    ['PRICES_FILE', readOwnPrices(pricesFile)],
    ['BUDGETS_FILE', readFixedBudgets(budgets)],
    ['ALERT_JSON_TEMPLATE', readJsonTemplate(alerts.json?.templateFile)],
    ['ROUTES_FILE', readRoutesFile(routesFile)],
  ] as const
  return read.flatMap(([name, file]) => {
    if (file.ok) return []
    const origin = originOf(name)
    return [origin === undefined ? file.error : `${file.error} (set in ${origin})`]
  })
}

/** In the syntax of a `.env`: what is not set stands there as a comment. */
function configLines(variables: Variables, dataDir: string): readonly string[] {
  const lines = effectiveVariables(variables).map(({ name, value, isSet }) => {
    const shown = name === 'DATA_DIR' ? dataDir : value
    return isSet ? `${name}=${shown}` : `# ${name}=${shown}`.trimEnd()
  })
  return [
    '# The configuration it would run with. A line with # is not set and shows the default.',
    ...lines,
  ]
}
