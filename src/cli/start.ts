/**
 * `start`: the bridge itself. `--check-config` shows what it would run with, secrets hidden, and
 * runs nothing.
 */
import type { Command } from 'commander'
import { effectiveVariables } from '../config/effective-variables.ts'
import { ok } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { type Conclude, failed, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'

interface Options {
  readonly checkConfig?: boolean
}

export function addStart(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('start')
    .summary('run the bridge (also without any command)')
    .description('Runs the bridge until it is told to stop (Ctrl-C, SIGTERM).')
    .option('--check-config', 'show the configuration it would run with, and end')
    .action((options: Options) => concluded(start(context, options)))
}

/** Runs the bridge, or shows what it would run with. */
export async function start(
  context: CliContext,
  { checkConfig = false }: Options,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  if (checkConfig) return ok({ lines: configLines(context, config.value.dataDir) })
  const served = await context.serve(config.value)
  return served.ok ? ok({ lines: [] }) : failed(served.error)
}

/** In the syntax of a `.env`: what is not set stands there as a comment. */
function configLines({ variables }: CliContext, dataDir: string): readonly string[] {
  const lines = effectiveVariables(variables).map(({ name, value, isSet }) => {
    const shown = name === 'DATA_DIR' ? dataDir : value
    return isSet ? `${name}=${shown}` : `# ${name}=${shown}`.trimEnd()
  })
  return ['# As it would run now. A # marks what is not set: its default stands there.', ...lines]
}
