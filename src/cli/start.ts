/**
 * `start`: the bridge itself. `--check-config` shows what it would run with, secrets hidden, and
 * runs nothing.
 */
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import type { OriginOf } from '../config/config-problem.ts'
import { effectiveVariables } from '../config/effective-variables.ts'
import type { Variables } from '../config/settings.ts'
import { err, ok } from '../domain/result.ts'
import { readOwnPrices } from '../prices/own-prices.ts'
import { readMasking } from '../processors/masking.ts'
import type { CliContext } from './context.ts'
import { type Conclude, failed, type Outcome } from './outcome.ts'
import { originsOf } from './destination.ts'
import { readConfig } from './read-config.ts'

export const ENV_FILE = '--env-file'

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
  { privacy, pricesFile }: Config,
  originOf: OriginOf,
): Promise<readonly string[]> {
  const read = [
    ['MASK_PATTERNS_FILE', await readMasking(privacy)],
    ['PRICES_FILE', readOwnPrices(pricesFile)],
  ] as const
  return read.flatMap(([name, file]) => {
    if (file.ok) return []
    const origin = originOf(name)
    return [origin === undefined ? file.error : `${file.error} (set in ${origin})`]
  })
}

/** The files that `--env-file` names, where the arguments ask for nothing but the bridge. */
export function plainStart(args: readonly string[]): readonly string[] | undefined {
  const { envFiles, rest } = withoutEnvFiles(args)
  return rest.length === 0 || (rest.length === 1 && rest[0] === 'start') ? envFiles : undefined
}

/** The arguments with each complete `--env-file` taken out. */
export function withoutEnvFiles(args: readonly string[]): {
  readonly envFiles: readonly string[]
  readonly rest: readonly string[]
} {
  const envFiles: string[] = []
  const rest: string[] = []
  for (let index = 0; index < args.length; index += 1) {
    const [arg = '', next] = [args[index], args[index + 1]]
    if (arg.startsWith(`${ENV_FILE}=`)) envFiles.push(arg.slice(ENV_FILE.length + 1))
    else if (arg === ENV_FILE && next !== undefined) {
      envFiles.push(next)
      index += 1
    } else rest.push(arg)
  }
  return { envFiles, rest }
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
