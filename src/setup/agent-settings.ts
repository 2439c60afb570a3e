/**
 * What `install --agent` puts into the settings of other agents, and takes out again: single values in
 * JSON (comments are left where they are) or TOML. Pure. All that is not ours stays as it is, to the byte.
 */
import { patch as patchToml, parse as parseToml } from '@decimalturn/toml-patch'
import { posix, win32 } from 'node:path'
import { type Platform, xdgConfigHome } from '../config/folders.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { isObject, type JsonObject, parseJsonObject, withValue } from './json-object.ts'
import type { Content } from './telemetry-environment.ts'

export const AGENTS = ['codex', 'copilot', 'gemini', 'opencode', 'qwen'] as const
export type Agent = (typeof AGENTS)[number]

export type SettingsFormat = 'json' | 'toml'

/** A value at a place in a file. */
export interface AgentValue {
  readonly path: readonly string[]
  readonly value: unknown
}

export interface AgentSettings {
  readonly path: string
  readonly format: SettingsFormat
  readonly values: readonly AgentValue[]
  /** What cannot be said in the file, for the person. */
  readonly notes: readonly string[]
}

export interface AgentWish {
  /** Of the bridge, for OTLP over HTTP. */
  readonly endpoint: string
  readonly apiKey?: string
  readonly contents: readonly Content[]
}

type Variables = Readonly<Record<string, string | undefined>>

/** The settings of that agent, by its documentation. */
export function agentSettings(
  agent: Agent,
  wish: AgentWish,
  variables: Variables,
  platform: Platform,
): AgentSettings {
  const { endpoint, apiKey } = wish
  const path = agentSettingsPath(agent, variables, platform)
  const hasContent = wish.contents.length > 0
  const set = (place: string, value: unknown): AgentValue => ({ path: place.split('.'), value })
  const headers = `OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer <API_KEY>"`
  const keyNote = apiKey === undefined ? [] : [`The bridge requires a key: set ${headers} for it.`]
  switch (agent) {
    case 'codex': {
      const authorization = apiKey && { headers: { Authorization: `Bearer ${apiKey}` } }
      const http = { endpoint: `${endpoint}/v1/logs`, protocol: 'json', ...authorization }
      const prompts = hasContent ? [set('otel.log_user_prompt', true)] : []
      const values = [set('otel.exporter', { 'otlp-http': http }), ...prompts]
      return { path, format: 'toml', values, notes: [] }
    }
    case 'gemini':
    case 'qwen': {
      const values = [
        set('telemetry.enabled', true),
        set('telemetry.target', 'local'),
        set('telemetry.otlpEndpoint', endpoint),
        set('telemetry.otlpProtocol', 'http'),
        set('telemetry.logPrompts', hasContent),
      ]
      const content = set('telemetry.includeSensitiveSpanAttributes', hasContent)
      return {
        path,
        format: 'json',
        values: agent === 'qwen' ? [...values, content] : values,
        notes: keyNote,
      }
    }
    case 'copilot': {
      const of = (name: string, value: unknown): AgentValue => ({
        path: [`github.copilot.chat.otel.${name}`],
        value,
      })
      const values = [
        of('enabled', true),
        of('exporterType', 'otlp-http'),
        of('otlpEndpoint', endpoint),
        of('captureContent', hasContent),
      ]
      const cli = `For Copilot CLI set COPILOT_OTEL_ENABLED=true and OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}.`
      return { path, format: 'json', values, notes: [cli, ...keyNote] }
    }
    case 'opencode':
      return {
        path,
        format: 'json',
        values: hasContent ? [set('experimental.openTelemetry', true)] : [],
        notes: [
          `opencode reads the address from the environment: set OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint} for it.`,
          ...(hasContent ? [] : ['Model calls are reported only with --content prompts.']),
          ...keyNote,
        ],
      }
  }
}

/** Where the agent keeps its settings, absolute. */
export function agentSettingsPath(agent: Agent, variables: Variables, platform: Platform): string {
  const { os, homeDir, workingDir } = platform
  const paths = os === 'win32' ? win32 : posix
  const given = (name: string): string | undefined =>
    variables[name] === '' ? undefined : variables[name]
  switch (agent) {
    case 'codex':
      return paths.resolve(
        workingDir,
        given('CODEX_HOME') ?? paths.join(homeDir, '.codex'),
        'config.toml',
      )
    case 'gemini':
      return paths.join(homeDir, '.gemini', 'settings.json')
    case 'qwen':
      return paths.join(homeDir, '.qwen', 'settings.json')
    case 'opencode':
      return paths.join(xdgConfigHome(variables, platform), 'opencode', 'opencode.json')
    case 'copilot': {
      const mac = paths.join(homeDir, 'Library', 'Application Support')
      const windows = given('APPDATA') ?? paths.join(homeDir, 'AppData', 'Roaming')
      const base =
        os === 'darwin' ? mac : os === 'win32' ? windows : xdgConfigHome(variables, platform)
      return paths.join(base, 'Code', 'User', 'settings.json')
    }
  }
}

/** The text with the values in it; blank text is a file that is not there. */
export function withAgentValues(
  text: string,
  format: SettingsFormat,
  values: readonly AgentValue[],
): Result<string, string> {
  return edited(text, format, values)
}

/**
 * The text without values that somebody has edited around since: each that is still the one that was
 * put in becomes what it was in `before`, or goes.
 */
export function withoutAgentValues(
  text: string,
  format: SettingsFormat,
  values: readonly AgentValue[],
  before: string | undefined,
): Result<string, string> {
  const now = settingsObject(text, format)
  if (!now.ok) return now
  const original = settingsObject(before ?? '', format)
  const originals = original.ok ? original.value : {}
  const ours = values.filter(({ path, value }) => isEqual(valueAt(now.value, path), value))
  const back = ours.map(({ path }) => ({ path, value: valueAt(originals, path) }))
  // A table that holds nothing now and was not there before goes as well.
  const parents = ours.flatMap(({ path }) => {
    const [parent] = path
    const isNew = path.length > 1 && parent !== undefined && !(parent in originals)
    return isNew ? [{ path: [parent], value: undefined }] : []
  })
  const without = edited(text, format, back)
  if (!without.ok) return without
  const rest = settingsObject(without.value, format)
  const empty = parents.filter(({ path }) => {
    const table = rest.ok ? valueAt(rest.value, path) : undefined
    return isObject(table) && Object.keys(table).length === 0
  })
  return edited(without.value, format, empty)
}

/** What the file says at these places now, where that differs. */
export function replacedValues(
  text: string,
  format: SettingsFormat,
  values: readonly AgentValue[],
): Readonly<Record<string, string>> {
  const now = settingsObject(text, format)
  if (!now.ok) return {}
  const replaced = values.flatMap(({ path, value }) => {
    const known = valueAt(now.value, path)
    return known === undefined || isEqual(known, value)
      ? []
      : [[path.join('.'), JSON.stringify(known)] as const]
  })
  return Object.fromEntries(replaced)
}

/** The object that the text is; the error completes "the file …". */
export function settingsObject(text: string, format: SettingsFormat): Result<JsonObject, string> {
  if (format === 'json') return parseJsonObject(text, { allowComments: true })
  try {
    return ok(parseToml(text) as JsonObject)
  } catch (error) {
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    return err(`is not TOML (${why})`)
  }
}

/** The value at a place; undefined where there is none. */
export function valueAt(object: JsonObject, path: readonly string[]): unknown {
  let at: unknown = object
  for (const name of path) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  return at
}

function edited(
  text: string,
  format: SettingsFormat,
  values: readonly AgentValue[],
): Result<string, string> {
  const object = settingsObject(text, format)
  if (!object.ok) return object
  const changed = values.filter(({ path, value }) => !isEqual(valueAt(object.value, path), value))
  if (changed.length === 0) return ok(text)
  const blocked = changed.find(({ path: [first = ''], path }) => {
    const table = object.value[first]
    return path.length > 1 && table !== undefined && !isObject(table)
  })
  if (blocked !== undefined) return err(`has a "${blocked.path[0]}" that is not a table`)
  if (format === 'toml') return ok(patchToml(text, withAll(object.value, changed)))
  const given = text.trim() === '' ? '{}\n' : text
  return ok(changed.reduce((now, { path, value }) => withValue(now, [...path], value), given))
}

function withAll(object: JsonObject, values: readonly AgentValue[]): Record<string, unknown> {
  const copy = structuredClone(object) as Record<string, unknown>
  for (const { path, value } of values) {
    const last = path.at(-1) ?? ''
    let at = copy
    for (const name of path.slice(0, -1)) {
      if (!isObject(at[name])) at[name] = {}
      at = at[name] as Record<string, unknown>
    }
    if (value === undefined) delete at[last]
    else at[last] = value
  }
  return copy
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: unknown): unknown {
  if (!isObject(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, of]) => [name, sorted(of)])
}
