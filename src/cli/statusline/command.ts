/** `statusline` as a command: its options, for the help, completion and what `process.ts` left over. */
import { type Command, InvalidArgumentError } from 'commander'
import { ok } from '../../domain/result.ts'
import type { CliContext } from '../context.ts'
import { numberBetween } from '../number-option.ts'
import type { Conclude, Outcome } from '../outcome.ts'
import { partsIn } from './arguments.ts'
import { MAX_STATUS_WIDTH, MIN_STATUS_WIDTH, STATUS_PARTS, type StatusPart } from './line.ts'
import { runStatusLine, USUAL_LINE } from './run.ts'

interface Options {
  readonly parts?: readonly StatusPart[]
  readonly width?: number
}

export function addStatusLine(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('statusline')
    .summary("print Claude Code's status line")
    .description(
      'Reads what Claude Code tells a status line on standard input, and prints one line: cost of the\n' +
        'session and of today, budget left, context, cache, plan windows. Without the bridge, it prints\n' +
        'what the input says. "install --statusline" sets it up.',
    )
    .option('--parts <list>', `what to show, in order: ${STATUS_PARTS.join(',')}`, partsOf)
    .option(
      '--width <columns>',
      `at most this many columns (default: ${MAX_STATUS_WIDTH})`,
      numberBetween(MIN_STATUS_WIDTH, MAX_STATUS_WIDTH),
    )
    .action((options: Options) => concluded(show(context, options)))
}

async function show(context: CliContext, options: Options): Promise<Outcome> {
  const settings = context.settings()
  if (!settings.ok) return settings
  const line = await runStatusLine(
    { ...USUAL_LINE, ...options },
    {
      environment: settings.value.variables,
      platform: context.platform,
      input: await context.readInput(),
      nowMs: context.now(),
    },
  )
  return ok({ lines: [line] })
}

function partsOf(text: string): readonly StatusPart[] {
  const parts = partsIn(text)
  if (parts !== undefined) return parts
  throw new InvalidArgumentError(`Expected one or more of ${STATUS_PARTS.join(',')}.`)
}
