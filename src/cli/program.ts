/**
 * The command line: one program, one file a command. Says what is wrong with a command line in one
 * line, and what to try. Neither reads the process nor ends it.
 */
import { Command, CommanderError } from 'commander'
import { err } from '../domain/result.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { ENV_FILE, withoutEnvFiles } from './arguments.ts'
import { addBudget } from './budget.ts'
import { addCompletion } from './completion.ts'
import type { ProgramContext } from './context.ts'
import { addDataset } from './dataset.ts'
import { addDelete } from './delete.ts'
import { addDoctor } from './doctor.ts'
import { addExport } from './export.ts'
import { addImport } from './import.ts'
import { addInstall } from './install.ts'
import { addKeys } from './keys.ts'
import { addMcp } from './mcp.ts'
import { addMigrate } from './migrate.ts'
import { addOpen } from './open.ts'
import { addOutbox } from './outbox.ts'
import { addQuarantine } from './quarantine.ts'
import { type Conclude, conclude, EXIT_OK, EXIT_USAGE, type Outcome } from './outcome.ts'
import { addPrCost } from './pr-cost.ts'
import { addPrune } from './prune.ts'
import { addReconcile } from './reconcile.ts'
import { addReplay } from './replay.ts'
import { addReport } from './report.ts'
import { addScrub } from './scrub.ts'
import { addSession } from './session.ts'
import { addSessions } from './sessions.ts'
import { addSetup } from './setup.ts'
import { withSettings } from './read-config.ts'
import { addStart } from './start.ts'
import { addStatus } from './status.ts'
import { addStatusLine } from './statusline/command.ts'
import { addTail } from './tail.ts'
import { addTop } from './top.ts'
import { addUninstall } from './uninstall.ts'
import { addWaste } from './waste.ts'
import { addWatch } from './watch.ts'
import { fittedNote } from './wrapped-text.ts'

const NAME = 'claude-telemetry'

const EXIT_CODES = `
Exit codes: 0 success; 1 the command failed, found a problem, or found nothing by the given name or
filter; 2 the command line is wrong. An empty list, and --all with nothing to do, are 0.
Without a command, the bridge is started.`

interface GlobalOptions {
  readonly envFile?: readonly string[]
}

/** Runs the command that the context's arguments name. Resolves to the exit code. */
export async function runProgram(context: ProgramContext): Promise<number> {
  let exitCode = EXIT_OK
  let hint = helpHint(NAME)
  const program = createProgram(context, async (outcome) => {
    exitCode = conclude(withHint(await outcome, hint), context.stdout, context.stderr)
  })
  program.hook('preAction', (_, command) => {
    hint = helpHint(pathOf(command))
  })
  try {
    await program.parseAsync(withDefaultCommand(context.args), { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
  }
}

/** The tree of commands, for running one and for describing them. */
export function createProgram(programContext: ProgramContext, concluded: Conclude): Command {
  const { stdout, stderr, productVersion } = programContext
  const program = new Command(NAME)
    .description('Delivers the telemetry of coding agents to Langfuse, and reports on it here.')
    .version(productVersion, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show the help of a command')
    .option(
      `${ENV_FILE} <file>`,
      'also read settings from this file; it takes precedence over the other files (repeatable)',
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXIT_CODES)
    .configureOutput({
      writeOut: (text) => stdout.write(fittedNote(text, stdout)),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns,
      getErrHelpWidth: () => stderr.columns,
      getOutHasColors: () => stdout.hasColours,
      getErrHasColors: () => stderr.hasColours,
      outputError: (text, write) =>
        write(withoutUrlPasswords(text).replace(/^error:/, 'claude-telemetry:')),
    })
    .exitOverride()
  const context = withSettings(programContext, () => program.opts<GlobalOptions>().envFile ?? [])
  addStart(program, context, concluded)
  addSetup(program, context, concluded)
  addInstall(program, context, concluded)
  addUninstall(program, context, concluded)
  addDoctor(program, context, concluded)
  addOpen(program, context, concluded)
  addStatus(program, context, concluded)
  addSessions(program, context, concluded)
  addSession(program, context, concluded)
  addReport(program, context, concluded)
  addPrCost(program, context, concluded)
  addStatusLine(program, context, concluded)
  addTail(program, context, concluded)
  addTop(program, context, concluded)
  addMcp(program, context, concluded)
  addImport(program, context, concluded)
  addWatch(program, context, concluded)
  addReconcile(program, context, concluded)
  addWaste(program, context, concluded)
  addReplay(program, context, concluded)
  addOutbox(program, context, concluded)
  addQuarantine(program, context, concluded)
  addBudget(program, context, concluded)
  addKeys(program, context, concluded)
  addExport(program, context, concluded)
  addDataset(program, context, concluded)
  addPrune(program, context, concluded)
  addDelete(program, context, concluded)
  addScrub(program, context, concluded)
  addMigrate(program, context, concluded)
  addCompletion(program, concluded)
  pointToHelp(program)
  return program
}

/** Has what is wrong with the arguments of a command lead to the help of that command. */
function pointToHelp(command: Command): void {
  command.showHelpAfterError(helpHint(pathOf(command)))
  for (const child of command.commands) pointToHelp(child)
}

/** `claude-telemetry outbox list`. */
function pathOf(command: Command): string {
  const names: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name())
  return names.join(' ')
}

function helpHint(path: string): string {
  return `Try "${path} --help".`
}

/** A command that sees by itself that it is misused leads there, too. */
function withHint(outcome: Outcome, hint: string): Outcome {
  if (outcome.ok || outcome.error.exitCode !== EXIT_USAGE || outcome.error.next !== undefined)
    return outcome
  return err({ ...outcome.error, next: hint })
}

/** `claude-telemetry` and `claude-telemetry --check-config` are about the bridge. */
function withDefaultCommand(args: readonly string[]): string[] {
  const [first] = withoutEnvFiles(args).rest
  return first === undefined || first === '--check-config' ? ['start', ...args] : [...args]
}
