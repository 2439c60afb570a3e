/**
 * `install`: has Claude Code report to the bridge, by writing its environment where it reads it.
 * Works everything out before it writes anything; what it replaces is kept, for `uninstall`.
 */
import { mkdirSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { configDirOf } from '../config/folders.ts'
import { ok, type Result } from '../domain/result.ts'
import { isLoopback } from '../config/loopback.ts'
import { AGENTS, withAgentValues } from '../setup/agent-settings.ts'
import {
  AGENT_PLACES,
  CLAUDE_CODE_PLACES,
  claudeManagedSettings,
} from '../setup/managed-settings.ts'
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
import { type Conclude, failed, jsonDocument, misused, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { secretOf } from './secret-input.ts'

export function addInstall(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('install')
    .summary('set up Claude Code, or another agent, to report to the bridge')
    .description(
      'Writes the telemetry environment where Claude Code reads it: to "env" in the user settings,\n' +
        'which applies in every shell and editor, or to shell startup files. The rest of those files\n' +
        'is left alone. Running it again updates what it wrote.',
    )
    .addOption(
      new Option(
        '--agent <agent>',
        'set up another agent instead: only its own settings are written',
      ).choices(AGENTS),
    )
    .addOption(
      new Option(
        '--shell <shell>',
        'write a marked block to a shell startup file instead of the settings',
      ).choices([...SHELLS, 'all']),
    )
    .option('--print', 'print the lines for a shell without writing anything')
    .addOption(
      new Option(
        '--managed',
        'print settings for an administrator to roll out, without writing anything',
      ).conflicts(['print', 'shell', 'service', 'dryRun']),
    )
    .option('--content <kinds>', `show content as well: ${CONTENTS.join(',')}`, contentsOf, [])
    .option('--traces', "also send the agent's own spans (beta): tool output, nesting of subagents")
    .addOption(
      new Option('--protocol <protocol>', 'how to send').choices(PROTOCOLS).default(PROTOCOLS[0]),
    )
    .option(
      '--endpoint <url>',
      'where the bridge listens (default: from the settings here)',
      addressOf,
    )
    .option(
      '--api-key <key>',
      "the bridge's API_KEY; - reads it from standard input (default: from the settings here)",
    )
    .option('--team <name>', 'add this team to everything sent')
    .option(
      '--hooks',
      'also install Claude Code hooks: exact ends of turns and sessions, folder and branch',
    )
    .option(
      '--statusline',
      "also set Claude Code's status line: cost, budget, context, plan windows",
    )
    .addOption(
      new Option(
        '--mcp',
        'also register the MCP server, so that the agent can be asked about cost and failures',
      ).conflicts(['managed', 'print']),
    )
    .option('--service', 'run the bridge at login (systemd user unit, launchd)')
    .option('--dry-run', 'show what would change without changing anything')
    .option('--json', 'print what was written, or would be, as JSON')
    .action((options: InstallOptions) => concluded(install(context, options)))
}

async function install(context: CliContext, given: InstallOptions): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const apiKey = await secretOf(given.apiKey, '--api-key', context.readSecret)
  if (!apiKey.ok) return apiKey
  const options = { ...given, ...(apiKey.value !== undefined && { apiKey: apiKey.value }) }
  const plan = plannedInstallation(options, config.value, context)
  if (!plan.ok) return plan
  const printed = printedOnly(options, plan.value, context)
  if (printed !== undefined) return printed
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
  const { json = false, dryRun = false } = options
  const files = changes.map(({ path }) => path)
  if (dryRun) return foreseen(changes, plan.value, json)
  // Standard output is for the document alone.
  nameDestinations(
    json ? context.stderr : context.stdout,
    destinationsOf(plan.value, options, config.value, context),
  )
  const applied = applyInstallation(plan.value.additions, changes, installed.value, record)
  if (!applied.ok) return failed(applied.error)
  const { service, notes, bodyFolder } = plan.value
  if (bodyFolder !== undefined) mkdirSync(bodyFolder, { recursive: true, mode: 0o700 })
  const lines = [...applied.value, ...notes]
  const enabled = await enabledService(service, context)
  if (!enabled.ok) {
    if (json) return failed(enabled.error)
    return ok({ lines: [...lines, enabled.error], exitCode: 1 })
  }
  lines.push(...enabled.value)
  if (json) return ok({ document: jsonDocument({ dryRun, files, notes }) })
  const program = options.agent ?? 'claude'
  const rest =
    changes.length === 0
      ? `Nothing was written. Set ${program} up as described above, then run: claude-telemetry doctor`
      : `Restart ${program}, then run: claude-telemetry doctor`
  return ok({ lines: [...lines, rest] })
}

/** What would be done. */
function foreseen(
  changes: readonly FileChange[],
  { notes }: InstallPlan,
  isJson: boolean,
): Outcome {
  const files = changes.map(({ path }) => path)
  return ok(
    isJson
      ? { document: jsonDocument({ dryRun: true, files, notes }) }
      : { lines: changeLines(changes) },
  )
}

/** A line about the service that was enabled, if one is wanted. */
async function enabledService(
  service: InstallPlan['service'],
  { shellVariables: variables, userId }: CliContext,
): Promise<Result<readonly string[], string>> {
  if (service === undefined) return ok([])
  const enabled = await createService({ run: runCommand, variables, userId }).enable(service)
  return enabled.ok ? ok([enabled.value]) : enabled
}

/** What is asked for in place of writing anything, if it is. */
function printedOnly(
  options: InstallOptions,
  plan: InstallPlan,
  context: CliContext,
): Outcome | undefined {
  if (options.managed === true) return managed(options, plan, context)
  if (options.print !== true) return undefined
  const shell = options.shell === undefined || options.shell === 'all' ? 'bash' : options.shell
  return ok({ document: exportLines(shell satisfies Shell, plan.variables) })
}

/** A document for standard output; where it belongs, and what to mind, goes beside it. */
function managed(
  { agent }: InstallOptions,
  { variables, additions, hooks, endpoint, notes }: InstallPlan,
  { stderr }: CliContext,
): Outcome {
  const places = agent === undefined ? CLAUDE_CODE_PLACES : AGENT_PLACES[agent]
  if (places === undefined) {
    return misused(
      `${agent} reads no settings of an administrator; roll out its own: install --agent ${agent} --dry-run shows them`,
    )
  }
  const [own] = additions.filter((addition) => addition.kind === 'agent')
  const document =
    own === undefined
      ? ok(claudeManagedSettings(variables, hooks))
      : withAgentValues('', own.format, own.values)
  if (!document.ok) return failed(document.error)
  const isHere = isLoopback(new URL(endpoint).hostname.replace(/^\[|\]$/g, ''))
  stderr.print([
    `Linux    ${places.linux}`,
    `macOS    ${places.macos}`,
    `Windows  ${places.windows}`,
    ...(isHere
      ? [`It sends to ${endpoint}. For a bridge on another machine, pass --endpoint.`]
      : []),
    ...notes,
  ])
  return ok({ document: document.value.trimEnd() })
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
      throw new InvalidArgumentError(`Expected one or more of ${CONTENTS.join(',')}.`)
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
