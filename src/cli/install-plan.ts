/**
 * What `install` is to do, from its options and the configuration of the bridge. Reads and writes no
 * file.
 */
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { configDirOf } from '../config/folders.ts'
import { isLoopback } from '../config/loopback.ts'
import { environmentSchema } from '../config/schema.ts'
import { ENVIRONMENT, isBlank } from '../config/settings.ts'
import { ok, type Result } from '../domain/result.ts'
import { type Agent, agentSettings } from '../setup/agent-settings.ts'
import { type HookGroup, hookGroup, hookUrl } from '../setup/claude-hooks.ts'
import type { Addition } from '../setup/file-change.ts'
import { localAddress } from '../setup/bridge-address.ts'
import { type McpRegistration, mcpRegistration } from '../setup/mcp-registration.ts'
import { shellFilePath, userSettingsPath } from '../setup/places.ts'
import { type ServiceFile, serviceFile } from '../setup/service-unit.ts'
import type { SettingsAddition } from '../setup/claude-settings.ts'
import { SHELLS, type Shell, shellWord } from '../setup/shell-block.ts'
import { apiBodyFolder } from '../storage/api-bodies.ts'
import {
  type Content,
  type Protocol,
  RESOURCE_ATTRIBUTES,
  telemetryVariables,
  type TelemetryVariables,
  type TelemetryWish,
} from '../setup/telemetry-environment.ts'
import { ENV_FILE } from './arguments.ts'
import type { CliContext } from './context.ts'
import { failed, type Failure, misused } from './outcome.ts'

export interface InstallOptions {
  /** Another agent than Claude Code. */
  readonly agent?: Agent
  readonly shell?: Shell | 'all'
  readonly print?: boolean
  readonly managed?: boolean
  readonly content: readonly Content[]
  readonly traces?: boolean
  readonly statusline?: boolean
  readonly protocol: Protocol
  readonly endpoint?: string
  /** Never `-`: what stands on standard input was read. */
  readonly apiKey?: string
  readonly team?: string
  readonly hooks?: boolean
  readonly mcp?: boolean
  readonly service?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

export interface InstallPlan {
  /** Where Claude Code is told to send. */
  readonly endpoint: string
  readonly variables: TelemetryVariables
  readonly additions: readonly Addition[]
  readonly hooks?: HookGroup
  readonly service?: ServiceFile
  /** Has to be there, for the agent to write raw API bodies to. */
  readonly bodyFolder?: string
  /** What a person should know, a line each. */
  readonly notes: readonly string[]
}

/** What neither quotes of `.env` nor a list between commas can hold. */
const BREAKS_ENV_FILE = /[',\r\n]/

/** The port of OTLP/gRPC where the bridge has none: what Claude Code takes by default. */
const DEFAULT_GRPC_PORT = 4317

export function plannedInstallation(
  options: InstallOptions,
  config: Config,
  context: CliContext,
): Result<InstallPlan, Failure> {
  if (options.agent !== undefined) return plannedAgent(options.agent, options, config, context)
  const bodyFolder = bodyFolderOf(options, config)
  const wish = { ...wishOf(options, config), ...(bodyFolder !== undefined && { bodyFolder }) }
  const variables = telemetryVariables(wish)
  const hooks =
    options.hooks === true ? hookGroup(hookUrl(hookBase(options, config)), wish.apiKey) : undefined
  const service = options.service === true ? serviceOf(context) : undefined
  if (options.service === true && service === undefined) {
    return failed('services are not supported on this system')
  }
  return ok({
    endpoint: wish.endpoint,
    variables,
    additions: [
      ...environmentAdditions(options, wish, settingsParts(options, hooks, context), context),
      ...mcpAdditions(options, wish, config, context),
      ...bodyFolderAdditions(bodyFolder, config, context),
      ...(service === undefined ? [] : [{ kind: 'service', ...pathAndText(service) } as const]),
    ],
    ...(hooks !== undefined && { hooks }),
    ...(service !== undefined && { service }),
    ...(bodyFolder !== undefined && { bodyFolder }),
    notes: [
      ...notesOf(options, bodyFolder, context),
      ...mcpNotes(options, wish, context),
      ...brakeNotes(options, config),
    ],
  })
}

/** Options that Claude Code alone knows. */
const OF_CLAUDE_CODE = [
  'shell',
  'print',
  'traces',
  'hooks',
  'statusline',
  'service',
  'team',
] as const

function plannedAgent(
  agent: Agent,
  options: InstallOptions,
  config: Config,
  context: CliContext,
): Result<InstallPlan, Failure> {
  const foreign = OF_CLAUDE_CODE.find((name) => options[name] !== undefined)
  if (foreign !== undefined)
    return misused(`--${foreign} applies to Claude Code only, not to --agent`)
  if (options.protocol === 'grpc') return misused('other agents are set up to send over HTTP')
  const { shellVariables, platform } = context
  const { endpoint, apiKey, contents } = wishOf(options, config)
  const wish = { endpoint, contents, ...(apiKey !== undefined && { apiKey }) }
  const { path, format, values, notes } = agentSettings(agent, wish, shellVariables, platform)
  const registered = mcpAdditions(options, wish, config, context)
  // What is recorded of a file is one addition.
  const inOwn = registered.filter((addition) => addition.path === path)
  const own = [...values, ...inOwn.flatMap((addition) => addition.values)]
  const additions: Addition[] = [
    ...(own.length === 0 ? [] : [{ kind: 'agent', path, format, values: own } as const]),
    ...registered.filter((addition) => !inOwn.includes(addition)),
  ]
  return ok({
    endpoint,
    variables: {},
    additions,
    notes: [...notes, ...mcpNotes(options, wish, context)],
  })
}

type AgentAddition = Extract<Addition, { readonly kind: 'agent' }>

function mcpAdditions(
  options: InstallOptions,
  wish: Pick<TelemetryWish, 'endpoint' | 'apiKey'>,
  config: Config,
  context: CliContext,
): AgentAddition[] {
  if (options.mcp !== true) return []
  const { path, format, value } = registrationOf(options, wish, config, context)
  return [{ kind: 'agent', path, format, values: [value] }]
}

function registrationOf(
  options: InstallOptions,
  { endpoint, apiKey }: Pick<TelemetryWish, 'endpoint' | 'apiKey'>,
  config: Config,
  { program, envFiles, shellVariables, platform }: CliContext,
): McpRegistration {
  const files = envFiles().flatMap((file) => [ENV_FILE, file])
  const server = isHere(endpoint)
    ? ({
        kind: 'stdio',
        command: program.nodePath,
        args: [program.mainPath, ...files, 'mcp'],
      } as const)
    : ({
        kind: 'http',
        url: `${hookBase(options, config)}/mcp`,
        ...(apiKey !== undefined && { apiKey }),
      } as const)
  return mcpRegistration(options.agent, server, shellVariables, platform)
}

function mcpNotes(
  { mcp = false }: InstallOptions,
  { endpoint, apiKey }: Pick<TelemetryWish, 'endpoint' | 'apiKey'>,
  context: CliContext,
): string[] {
  if (!mcp) return []
  if (!isHere(endpoint)) {
    return apiKey === undefined
      ? []
      : ['The MCP server answers only with a key that may read, such as one with read:own.']
  }
  const unshared = settingsOfThisShell(context)
  if (unshared.length === 0) return []
  return [
    `The MCP server may not see variables that are set only in this shell: ${unshared.join(', ')}. Put them into ${join(configDirOf(context.shellVariables, context.platform), '.env')}.`,
  ]
}

function isHere(endpoint: string): boolean {
  return isLoopback(new URL(endpoint).hostname.replace(/^\[|\]$/g, ''))
}

function wishOf(options: InstallOptions, { receiver }: Config): TelemetryWish {
  const { protocol, team } = options
  const port = protocol === 'grpc' ? (receiver.grpcPort ?? DEFAULT_GRPC_PORT) : receiver.port
  const apiKey = options.apiKey ?? receiver.apiKey
  return {
    protocol,
    endpoint: options.endpoint ?? localAddress(receiver, port),
    contents: options.content,
    traces: options.traces === true,
    ...(apiKey !== undefined && { apiKey }),
    ...(team !== undefined && { team }),
  }
}

/**
 * The folder for raw API bodies: the one the bridge reads already, else one beside its database.
 * None where the bridge could not read it, or where nothing is to be written: then bodies come in
 * the records, cut to 60 KB.
 */
function bodyFolderOf(
  { content, print = false, managed = false, endpoint }: InstallOptions,
  { receiver, bodyFolders, dataDir }: Config,
): string | undefined {
  if (!content.includes('api-bodies') || print || managed) return undefined
  const target = endpoint === undefined ? receiver.host : new URL(endpoint).hostname
  if (!isLoopback(receiver.host) || !isLoopback(target)) return undefined
  const folder = bodyFolders[0] ?? apiBodyFolder(dataDir)
  return BREAKS_ENV_FILE.test(folder) ? undefined : folder
}

/** Has the bridge read the folder, by the settings of the user. */
function bodyFolderAdditions(
  bodyFolder: string | undefined,
  { bodyFolders }: Config,
  { shellVariables, platform }: CliContext,
): Addition[] {
  if (bodyFolder === undefined || bodyFolders.includes(bodyFolder)) return []
  const path = join(configDirOf(shellVariables, platform), '.env')
  // A block as bash takes it is one that `.env` files take.
  return [{ kind: 'shell', path, shell: 'bash', variables: { BODY_FOLDERS: bodyFolder } }]
}

/** Hooks come by HTTP, whatever telemetry comes by. */
function hookBase({ protocol, endpoint }: InstallOptions, { receiver }: Config): string {
  if (endpoint === undefined) return localAddress(receiver, receiver.port)
  if (protocol !== 'grpc') return endpoint
  const url = new URL(endpoint)
  url.port = String(receiver.port)
  return url.origin
}

/** What can stand in the settings only, so that with it those are written in any case. */
type SettingsParts = Pick<SettingsAddition, 'hooks' | 'statusLine'>

function settingsParts(
  { statusline = false }: InstallOptions,
  hooks: HookGroup | undefined,
  { program: { nodePath, mainPath, statusLinePath } }: CliContext,
): SettingsParts {
  const args = statusLinePath === undefined ? [mainPath, 'statusline'] : [statusLinePath]
  const command = [nodePath, ...args].map(shellWord).join(' ')
  return {
    ...(hooks !== undefined && { hooks }),
    ...(statusline && { statusLine: { type: 'command', command } as const }),
  }
}

function environmentAdditions(
  { shell }: InstallOptions,
  wish: TelemetryWish,
  parts: SettingsParts,
  { shellVariables, platform }: CliContext,
): Addition[] {
  const settingsPath = userSettingsPath(shellVariables, platform)
  const inSettings = (given: TelemetryVariables) =>
    telemetryVariables(wish, given[RESOURCE_ATTRIBUTES])
  if (shell === undefined) {
    return [{ kind: 'settings', path: settingsPath, variables: inSettings, ...parts }]
  }
  const blocks = (shell === 'all' ? SHELLS : [shell]).map((each) => ({
    kind: 'shell' as const,
    path: shellFilePath(each, shellVariables, platform),
    shell: each,
    variables: telemetryVariables(wish),
  }))
  if (Object.keys(parts).length === 0) return blocks
  return [...blocks, { kind: 'settings', path: settingsPath, variables: () => ({}), ...parts }]
}

function serviceOf({ program, platform, shellVariables, envFiles }: CliContext) {
  return serviceFile({ ...program, envFiles: envFiles() }, platform, shellVariables)
}

function pathAndText({ path, text }: ServiceFile) {
  return { path, text }
}

function notesOf(
  { content, traces = false, hooks = false, service = false }: InstallOptions,
  bodyFolder: string | undefined,
  context: CliContext,
): string[] {
  const notes: string[] = []
  if (bodyFolder !== undefined) {
    notes.push(
      `Claude Code writes raw API bodies to ${bodyFolder}, and does not delete them. Restart the bridge so that it reads them.`,
    )
  }
  if (content.includes('tools') && !traces && !hooks) {
    notes.push('Tool input will be shown, but not tool output: that needs --traces or --hooks.')
  }
  const unshared = service ? settingsOfThisShell(context) : []
  if (unshared.length > 0) {
    notes.push(
      `The service does not see variables that are set only in this shell: ${unshared.join(', ')}. Put them into ${join(configDirOf(context.shellVariables, context.platform), '.env')}.`,
    )
  }
  if (service && /[\\/]_npx[\\/]/.test(context.program.mainPath)) {
    notes.push(
      'The service runs from the npx cache, which npm may clear: install the package globally (npm install -g) and run this again.',
    )
  }
  return notes
}

/** Budgets that refuse prompts do so by the answers to hooks. */
function brakeNotes(
  { agent, hooks = false }: InstallOptions,
  { budgets: { action } }: Config,
): string[] {
  if (hooks || agent !== undefined || action === 'tell') return []
  return [`BUDGET_ACTION=${action} refuses prompts only through hooks: that needs --hooks.`]
}

/** Settings that hold here because of the environment, which a service does not have. */
function settingsOfThisShell({ settings }: CliContext): string[] {
  const read = settings()
  if (!read.ok) return []
  const { originOf, environment } = read.value
  const names = Object.keys(environmentSchema.shape).filter(
    (name) => originOf(name) === ENVIRONMENT,
  )
  return names.map((name) => (isBlank(environment[name]) ? `${name}_FILE` : name))
}
