/**
 * Reads the layers of Claude Code's environment, and what is wrong with the files they come from.
 */
import { join } from 'node:path'
import { isObject, type JsonObject, parseJsonObject } from '../setup/json-object.ts'
import { modeOf, readTarget } from '../setup/target-file.ts'
import type { Layer } from './claude-environment.ts'
import { fault, fine, type Finding, warning } from './finding.ts'

export interface SettingsPlaces {
  readonly user: string
  readonly managed: string
  readonly workingDir: string
}

export interface Layers {
  readonly layers: readonly Layer[]
  readonly findings: readonly Finding[]
}

const OTHERS_READ = 0o044
const TELEMETRY = /^(OTEL_|CLAUDE_CODE_(ENABLE_TELEMETRY|ENHANCED_TELEMETRY))/

export function readLayers(shell: Layer['variables'], places: SettingsPlaces): Layers {
  const user = readSettings('settings.user', places.user)
  const managed = readSettings('settings.managed', places.managed)
  return {
    layers: [
      { name: 'the shell', variables: shell },
      { name: places.user, variables: variablesOf(user.settings) },
      { name: places.managed, variables: variablesOf(managed.settings) },
    ],
    findings: [
      ...user.findings,
      ...managed.findings,
      ...exposure(places.user, user.settings),
      ...hooksSwitchedOff(places, user.settings, managed.settings),
      ...projectFindings(places),
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

/** The file that people try first, and that does nothing. */
function projectFindings({ workingDir, user }: SettingsPlaces): Finding[] {
  return ['settings.json', 'settings.local.json'].flatMap((name) => {
    const path = join(workingDir, '.claude', name)
    if (path === user) return []
    const bytes = readTarget(path)
    const text = bytes.ok ? (bytes.value?.toString() ?? '') : ''
    const settings = parseJsonObject(text)
    const names = settings.ok ? Object.keys(variablesOf(settings.value)) : []
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
