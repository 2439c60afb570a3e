/**
 * Reads the layers of Claude Code's environment, and what is wrong with the files they come from.
 */
import { join } from 'node:path'
import { isObject, type JsonObject, parseJsonObject } from '../setup/json-object.ts'
import { modeOf, readTarget } from '../setup/target-file.ts'
import type { Layer } from './claude-environment.ts'
import { fault, fine, type Finding, skipped, warning } from './finding.ts'

export interface SettingsPlaces {
  readonly user: string
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
const TELEMETRY = /^(OTEL_|CLAUDE_CODE_(ENABLE_TELEMETRY|ENHANCED_TELEMETRY))/
/** The only one of them that Claude Code takes from a project. */
const RESOURCE = 'OTEL_RESOURCE_ATTRIBUTES'

export function readLayers(shell: Layer['variables'], places: SettingsPlaces): Layers {
  const user = readSettings('settings.user', places.user)
  const managed = readSettings('settings.managed', places.managed)
  const projects = projectSettings(places)
  return {
    layers: [
      { name: 'the shell', variables: shell },
      { name: places.user, variables: variablesOf(user.settings) },
      ...projects.map(({ path, settings }) => ({
        name: path,
        variables: { [RESOURCE]: variablesOf(settings)[RESOURCE] },
      })),
      { name: places.managed, variables: variablesOf(managed.settings) },
    ],
    headersHelper:
      helperOf(managed.settings, places.managed) ?? helperOf(user.settings, places.user),
    findings: [
      ...user.findings,
      ...managed.findings,
      ...exposure(places.user, user.settings),
      ...hooksSwitchedOff(places, user.settings, managed.settings),
      ...projectFindings(projects),
      ...projectHelpers(projects),
    ],
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
  const settings = parseJsonObject(bytes.value.toString())
  if (!settings.ok) {
    const what = `${path} ${settings.error}: Claude Code does not read it`
    return { settings: {}, findings: [fault(id, what, 'Correct the file, or restore it')] }
  }
  const { env = {} } = settings.value
  if (!isObject(env)) {
    const what = `${path} has an "env" that is not an object`
    return { settings: {}, findings: [fault(id, what, 'Write it as "env": { "NAME": "value" }')] }
  }
  return { settings: settings.value, findings: [fine(id, path)] }
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

/** Settings that make hooks which are there do nothing. */
function hooksSwitchedOff(
  { user, managed }: SettingsPlaces,
  userSettings: JsonObject,
  managedSettings: JsonObject,
): Finding[] {
  const hooks = JSON.stringify(userSettings.hooks ?? {})
  if (!hooks.includes('/hooks/claude-code')) return []
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
      'Take that out, or run "claude-telemetry install" without --hooks',
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
  return ['settings.json', 'settings.local.json'].flatMap((name) => {
    const path = join(workingDir, '.claude', name)
    if (path === user) return []
    const bytes = readTarget(path)
    const settings = parseJsonObject(bytes.ok ? (bytes.value?.toString() ?? '') : '')
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

/** The files that people try first, and that do nothing. */
function projectFindings(projects: readonly SettingsFile[]): Finding[] {
  return projects.flatMap(({ path, settings }) => {
    const names = Object.keys(variablesOf(settings)).filter((name) => name !== RESOURCE)
    if (!names.some((each) => TELEMETRY.test(each))) return []
    const what = `${path} sets telemetry variables, which Claude Code ignores in a project`
    return [
      warning(
        'settings.project',
        what,
        'Put them into the settings of the user: claude-telemetry install',
      ),
    ]
  })
}
