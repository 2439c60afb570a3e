/**
 * Reads the layers of Claude Code's environment, and what is wrong with the files they come from.
 */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isObject, type JsonObject, parseJsonObject } from '../setup/json-object.ts'
import { modeOf, readTarget } from '../setup/target-file.ts'
import type { Layer } from './claude-environment.ts'
import { fault, fine, type Finding, skipped, warning } from './finding.ts'

export interface SettingsPlaces {
  readonly user: string
  /** `.claude.json`, which may have an `env` of its own. */
  readonly globalConfig: string
  readonly managed: string
  readonly workingDir: string
}

/** The program that gives headers, and the file that names it. */
export interface HeadersHelper {
  readonly command: string
  readonly from: string
}

export interface Layers {
  readonly layers: readonly Layer[]
  readonly headersHelper: HeadersHelper | undefined
  readonly findings: readonly Finding[]
}

const OTHERS_READ = 0o044
/** What Claude Code does not take from a project: switches, content, and where records go. */
const NOT_OF_PROJECTS =
  /^(CLAUDE_CODE_ENABLE_TELEMETRY|(CLAUDE_CODE|ENABLE)_ENHANCED_TELEMETRY_BETA|OTEL_EXPORTER_OTLP_(\w+_)?(ENDPOINT|PROTOCOL|HEADERS)|OTEL_LOG_\w+)$/
/** A project may switch these off, and not on. */
const EXPORTER = /^OTEL_(LOGS|METRICS|TRACES)_EXPORTER$/

/** `needsHooks`: spent budgets refuse something, which they do by hooks alone. */
export function readLayers(
  shell: Layer['variables'],
  places: SettingsPlaces,
  needsHooks = false,
): Layers {
  const user = readSettings('settings.user', places.user)
  const managed = readSettings('settings.managed', places.managed)
  const projects = projectSettings(places)
  return {
    layers: [
      { name: 'the shell', variables: shell },
      ...globalConfig(places).map(layerOf),
      { name: places.user, variables: variablesOf(user.settings) },
      ...projects.map(({ path, settings }) => ({
        name: path,
        variables: Object.fromEntries(
          Object.entries(variablesOf(settings)).filter((pair) => countsInProject(pair)),
        ),
      })),
      { name: places.managed, variables: variablesOf(managed.settings) },
      ...quietSettings(dropIns(places.managed)).map(layerOf),
    ],
    headersHelper:
      helperOf(managed.settings, places.managed) ?? helperOf(user.settings, places.user),
    findings: [
      ...user.findings,
      ...managed.findings,
      ...exposure(places.user, user.settings),
      ...hookFindings(places, user.settings, managed.settings, needsHooks),
      ...projectFindings(projects),
      ...projectHelpers(projects),
    ],
  }
}

/** An older place goes before the usual one. */
function globalConfig({ user, globalConfig: usual }: SettingsPlaces): readonly SettingsFile[] {
  const older = quietSettings([join(dirname(user), '.config.json')])
  return older.length > 0 ? older : quietSettings([usual])
}

function layerOf({ path, settings }: SettingsFile): Layer {
  return { name: path, variables: variablesOf(settings) }
}

function countsInProject([name, value]: readonly [string, string]): boolean {
  if (EXPORTER.test(name)) return value.trim() === 'none'
  return !NOT_OF_PROJECTS.test(name)
}

/** More settings of the organisation, in the order in which they go over each other. */
function dropIns(managed: string): readonly string[] {
  const folder = managed.replace(/\.json$/, '.d')
  try {
    const names = readdirSync(folder).filter((name) => /^[^.].*\.json$/.test(name))
    return names.toSorted().map((name) => join(folder, name))
  } catch {
    // It is seldom there.
    return []
  }
}

interface Read {
  readonly settings: JsonObject
  readonly findings: readonly Finding[]
}

function readSettings(id: string, path: string): Read {
  const bytes = readTarget(path)
  if (!bytes.ok) {
    return { settings: {}, findings: [fault(id, bytes.error, 'Make it readable to you')] }
  }
  if (bytes.value === undefined) return { settings: {}, findings: [] }
  const settings = parseJsonObject(textOf(bytes.value))
  if (!settings.ok) {
    const what = `${path} ${settings.error}: Claude Code does not read it`
    return { settings: {}, findings: [fault(id, what, 'Correct the file, or restore it')] }
  }
  const { env = {} } = settings.value
  if (!isObject(env)) {
    const what = `${path} has an "env" that is not an object`
    return { settings: {}, findings: [fault(id, what, 'Write it as "env": { "NAME": "value" }')] }
  }
  const wrong = id === 'settings.user' ? wronglyTyped(settings.value) : undefined
  if (wrong !== undefined) {
    const what = `${path} has a value of the wrong type in "${wrong}": Claude Code ignores the whole file`
    return { settings: {}, findings: [fault(id, what, 'Correct it, or remove it')] }
  }
  return { settings: settings.value, findings: [fine(id, path)] }
}

/** Keys for whose type Claude Code leaves out the whole file (measured on 2.1.329). */
const TYPES: Readonly<Record<string, 'string' | 'boolean' | 'number' | 'object'>> = {
  model: 'string',
  apiKeyHelper: 'string',
  otelHeadersHelper: 'string',
  outputStyle: 'string',
  language: 'string',
  awsAuthRefresh: 'string',
  includeCoAuthoredBy: 'boolean',
  disableAllHooks: 'boolean',
  alwaysThinkingEnabled: 'boolean',
  spinnerTipsEnabled: 'boolean',
  enableAllProjectMcpServers: 'boolean',
  verbose: 'boolean',
  cleanupPeriodDays: 'number',
  permissions: 'object',
  statusLine: 'object',
  attribution: 'object',
  sandbox: 'object',
  enabledPlugins: 'object',
}

function wronglyTyped(settings: JsonObject): string | undefined {
  return Object.keys(TYPES).find((name) => {
    const value = settings[name]
    if (value === undefined) return false
    return TYPES[name] === 'object' ? !isObject(value) : typeof value !== TYPES[name]
  })
}

/** Without the byte order mark that some editors write, and Claude Code reads over. */
function textOf(bytes: Buffer): string {
  return bytes.toString().replace(/^\ufeff/, '')
}

function variablesOf({ env }: JsonObject): Record<string, string> {
  const entries = Object.entries(isObject(env) ? env : {})
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

/** A key that every user of the machine can read. */
function exposure(path: string, settings: JsonObject): Finding[] {
  const mode = modeOf(path) ?? 0
  const holdsKey = /bearer/i.test(variablesOf(settings).OTEL_EXPORTER_OTLP_HEADERS ?? '')
  if (!holdsKey || (mode & OTHERS_READ) === 0) return []
  const what = `${path} holds the key, and others on this machine can read it`
  return [warning('settings.mode', what, `chmod 600 ${path}`)]
}

/** Hooks that are needed and missing, and settings that make those which are there do nothing. */
function hookFindings(
  { user, managed }: SettingsPlaces,
  userSettings: JsonObject,
  managedSettings: JsonObject,
  needsHooks: boolean,
): Finding[] {
  const hooks = JSON.stringify([userSettings.hooks ?? {}, managedSettings.hooks ?? {}])
  if (!hooks.includes('/hooks/claude-code')) {
    if (!needsHooks) return []
    const missing = `BUDGET_ACTION is set, but no hook in ${user} calls the bridge: nothing is refused`
    return [warning('settings.hooks', missing, 'Run "claude-telemetry install --hooks"')]
  }
  const off =
    (userSettings.disableAllHooks === true && `disableAllHooks in ${user}`) ||
    (managedSettings.disableAllHooks === true && `disableAllHooks in ${managed}`) ||
    (managedSettings.allowManagedHooksOnly === true && `allowManagedHooksOnly in ${managed}`)
  if (off === false) return [fine('settings.hooks', 'hooks report to the bridge')]
  const what = `hooks for the bridge are installed, but ${off} switches them off`
  return [
    warning(
      'settings.hooks',
      what,
      'Remove that, or run "claude-telemetry install" without --hooks',
    ),
  ]
}

function helperOf({ otelHeadersHelper }: JsonObject, from: string): HeadersHelper | undefined {
  if (typeof otelHeadersHelper !== 'string' || otelHeadersHelper.trim() === '') return undefined
  return { command: otelHeadersHelper, from }
}

interface SettingsFile {
  readonly path: string
  readonly settings: JsonObject
}

/** A project's settings that can be read, the person's own behind those that are shared. */
function projectSettings({ workingDir, user }: SettingsPlaces): readonly SettingsFile[] {
  const paths = ['settings.json', 'settings.local.json'].map((name) =>
    join(workingDir, '.claude', name),
  )
  return quietSettings(paths.filter((path) => path !== user))
}

/** Those of the files that are there and can be read. */
function quietSettings(paths: readonly string[]): readonly SettingsFile[] {
  return paths.flatMap((path) => {
    const bytes = readTarget(path)
    if (!bytes.ok || bytes.value === undefined) return []
    const settings = parseJsonObject(textOf(bytes.value))
    return settings.ok ? [{ path, settings: settings.value }] : []
  })
}

/** A repository that somebody else wrote must not have this command run its programs. */
function projectHelpers(projects: readonly SettingsFile[]): Finding[] {
  return projects.flatMap(({ path, settings }) => {
    const helper = helperOf(settings, path)
    if (helper === undefined) return []
    return [
      skipped(
        'telemetry.headers-helper',
        `otelHeadersHelper of the project ${path} is not run here`,
      ),
    ]
  })
}

function isTelemetry([name]: readonly [string, string]): boolean {
  return EXPORTER.test(name) || NOT_OF_PROJECTS.test(name)
}

/** The files that people try first, and that do nothing. */
function projectFindings(projects: readonly SettingsFile[]): Finding[] {
  return projects.flatMap(({ path, settings }) => {
    const variables = Object.entries(variablesOf(settings))
    const isIgnored = variables.some((pair) => isTelemetry(pair) && !countsInProject(pair))
    if (!isIgnored) return []
    const what = `${path} sets telemetry variables, which Claude Code ignores in a project`
    return [
      warning(
        'settings.project',
        what,
        'Put them into your user settings: claude-telemetry install',
      ),
    ]
  })
}
