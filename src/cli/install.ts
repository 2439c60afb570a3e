/**
 * `install`: has Claude Code report to the bridge, by writing its environment where it reads it.
 * Works everything out before it writes anything; what it replaces is kept, for `uninstall`.
 */
import { mkdirSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { configDirOf } from '../config/folders.ts'
import { ok } from '../domain/result.ts'
import { AGENTS } from '../setup/agent-settings.ts'
import { runCommand } from '../setup/command-runner.ts'
import { type FileChange, installation } from '../setup/file-change.ts'
import { createInstallRecord, UNREADABLE_RECORD } from '../setup/install-record.ts'
import { applyInstallation } from '../setup/apply.ts'
import { createService } from '../setup/service.ts'
import { exportLines, SHELLS, type Shell } from '../setup/shell-block.ts'
import { CONTENTS, type Content, PROTOCOLS } from '../setup/telemetry-environment.ts'
import type { CliContext } from './context.ts'
import {
  bridgeDestination,
  type Destination,
  fileDestination,
  nameDestinations,
} from './destination.ts'
import { changeLines } from './file-diff.ts'
import { type InstallOptions, type InstallPlan, plannedInstallation } from './install-plan.ts'
import { type Conclude, failed, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { secretOf } from './secret-input.ts'

export function addInstall(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('install')
    .summary('have Claude Code, or another agent, report to the bridge')
    .description(
      'Writes the telemetry environment where Claude Code reads it: into "env" of the settings of\n' +
        'the user, which holds in every shell and editor, or into start-up files of shells. What the\n' +
        'files say otherwise stays. Run again, it changes what it wrote to what it is told now.',
    )
    .addOption(
      new Option(
        '--agent <agent>',
        "another agent: its own settings are written, and nothing of Claude Code's",
      ).choices(AGENTS),
    )
    .addOption(
      new Option(
        '--shell <shell>',
        'a marked block in the start-up file of a shell, instead of the settings',
      ).choices([...SHELLS, 'all']),
    )
    .option('--print', 'print the lines for a shell, and write nothing')
    .option('--content <kinds>', `show content as well: ${CONTENTS.join(',')}`, contentsOf, [])
    .option('--traces', "also send the agent's own spans (beta): tool output, nesting of subagents")
    .addOption(
      new Option('--protocol <protocol>', 'how to send').choices(PROTOCOLS).default(PROTOCOLS[0]),
    )
    .option(
      '--endpoint <url>',
      'where the bridge listens (default: as it is configured here)',
      addressOf,
    )
    .option(
      '--api-key <key>',
      "the bridge's API_KEY; - reads it from standard input (default: as it is configured here)",
    )
    .option('--team <name>', 'put the team on everything sent')
    .option('--hooks', "also have Claude Code's hooks report: certain ends, folder and branch")
    .option('--service', 'run the bridge at login (systemd user unit, launchd)')
    .option('--dry-run', 'show what would change, and change nothing')
    .action((options: InstallOptions) => concluded(install(context, options)))
}

async function install(context: CliContext, given: InstallOptions): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const apiKey = await secretOf(given.apiKey, '--api-key', context.readSecret)
  if (!apiKey.ok) return apiKey
  const options = { ...given, ...(apiKey.value !== undefined && { apiKey: apiKey.value }) }
  const plan = plannedInstallation(options, config.value, context)
  if (!plan.ok) return failed(plan.error)
  if (options.print === true) {
    const shell = options.shell === undefined || options.shell === 'all' ? 'bash' : options.shell
    return ok({ document: exportLines(shell satisfies Shell, plan.value.variables) })
  }
  const record = createInstallRecord(configDirOf(context.shellVariables, context.platform))
  const installed = record.files()
  if (!installed.ok) return failed(installed.error, UNREADABLE_RECORD)
  const changes: FileChange[] = []
  for (const addition of plan.value.additions) {
    const known = installed.value.find(({ path }) => path === addition.path)
    const change = installation(addition, known, record)
    if (!change.ok)
      return failed(
        change.error,
        'Nothing was changed. Correct the file, or move it away, and try again.',
      )
    changes.push(change.value)
  }
  if (options.dryRun === true) return ok({ lines: changeLines(changes) })
  nameDestinations(context.stdout, destinationsOf(plan.value, options, config.value, context))
  const applied = applyInstallation(plan.value.additions, changes, installed.value, record)
  if (!applied.ok) return failed(applied.error)
  const { service, notes, bodyFolder } = plan.value
  if (bodyFolder !== undefined) mkdirSync(bodyFolder, { recursive: true, mode: 0o700 })
  const lines = [...applied.value, ...notes]
  if (service !== undefined) {
    const { shellVariables: variables, userId } = context
    const enabled = await createService({ run: runCommand, variables, userId }).enable(service)
    if (!enabled.ok) return ok({ lines: [...lines, enabled.error], exitCode: 1 })
    lines.push(enabled.value)
  }
  const program = options.agent ?? 'claude'
  return ok({ lines: [...lines, `Start ${program} anew; then: claude-telemetry doctor`] })
}

function destinationsOf(
  { additions, endpoint }: InstallPlan,
  options: InstallOptions,
  config: Config,
  context: CliContext,
): readonly Destination[] {
  const bridge = bridgeDestination(config, context)
  const files = additions.map((addition) => fileDestination(addition, context))
  const from = options.endpoint === undefined ? bridge.from : '--endpoint'
  return [{ ...bridge, where: endpoint, from }, ...files]
}

function contentsOf(text: string): readonly Content[] {
  return text.split(',').map((name) => {
    const content = CONTENTS.find((each) => each === name.trim())
    if (content === undefined) {
      throw new InvalidArgumentError(`Expected some of ${CONTENTS.join(',')}.`)
    }
    return content
  })
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidArgumentError('Expected an http or https URL.')
  }
  return text.replace(/\/+$/, '')
}
