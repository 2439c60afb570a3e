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
import { readAccessToken } from '../storage/access-token.ts'
import type { CliContext, Listening } from './context.ts'
import { logLine } from './log-line.ts'
import { type Conclude, failed, jsonDocument, misused, type Outcome } from './outcome.ts'
import { originsOf } from './destination.ts'
import { readConfig } from './read-config.ts'
import { startLines } from './start-text.ts'

interface Options {
  readonly checkConfig?: boolean
  readonly json?: boolean
}

export function addStart(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('start')
    .summary('run the bridge (also without any command)')
    .description('Runs the bridge until it is stopped (Ctrl-C, SIGTERM).')
    .option('--check-config', 'print the configuration it would run with and exit')
    .option('--json', 'with --check-config: as JSON')
    .action((options: Options) => concluded(start(context, options)))
}

/** Runs the bridge, or shows what it would run with. */
export async function start(
  context: CliContext,
  { checkConfig = false, json = false }: Options,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const settings = context.settings()
  if (!settings.ok) return settings
  const { variables, originOf } = settings.value
  const problems = await fileProblems(config.value, originOf)
  if (problems.length > 0) return err({ messages: problems })
  const { dataDir } = config.value
  if (json && !checkConfig) return misused('--json goes with --check-config')
  if (json) return ok({ document: jsonDocument(shownVariables(variables, dataDir)) })
  if (checkConfig) return ok({ lines: configLines(variables, dataDir) })
  const origins = originsOf(settings.value)
  if (!isForPerson(config.value, context)) {
    const served = await context.serve({ config: config.value, origins })
    return served.ok ? ok({ lines: [] }) : failed(served.error)
  }
  const { stdout, productVersion: version } = context
  const printLog = (line: string) => stdout.print([logLine(line)])
  const served = await context.serve({ config: config.value, origins, printLog })
  if (!served.ok) return failed(served.error)
  const pageAddress = pageAddressOf(config.value, served.value)
  return ok({ lines: startLines(config.value, served.value, { version, pageAddress }) })
}

/** Services and containers have no terminal, and get JSON. */
function isForPerson({ logFormat }: Config, { stdout }: CliContext): boolean {
  return logFormat === undefined ? stdout.isInteractive : logFormat === 'text'
}

/** The API key is never shown: whoever holds it types it in. */
function pageAddressOf({ pageAccess, receiver, dataDir }: Config, { url }: Listening): string {
  const token =
    pageAccess === 'open' || receiver.apiKey !== undefined ? undefined : readAccessToken(dataDir)
  return `${url}/${token === undefined ? '' : `#token=${encodeURIComponent(token)}`}`
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
  const lines = shownVariables(variables, dataDir).map(({ name, value, isSet }) =>
    isSet ? `${name}=${value}` : `# ${name}=${value}`.trimEnd(),
  )
  return [
    '# The configuration it would run with. A line with # is not set and shows the default.',
    ...lines,
  ]
}

function shownVariables(variables: Variables, dataDir: string) {
  return effectiveVariables(variables).map(({ name, value, isSet }) => ({
    ...{ name, value: name === 'DATA_DIR' ? dataDir : value, isSet },
  }))
}
