/**
 * What `install` adds to the text of Claude Code's `settings.json`, and takes out again. Pure. All
 * that is not ours stays as it is, to the byte.
 */
import { err, ok, type Result } from '../domain/result.ts'
import { HOOK_EVENTS, type HookGroup } from './claude-hooks.ts'
import {
  isObject,
  type JsonObject,
  parseJsonObject,
  withElement,
  withValue,
} from './json-object.ts'
import type { TelemetryVariables } from './telemetry-environment.ts'

export interface SettingsAddition {
  readonly variables: TelemetryVariables
  /** Added under each hook event. */
  readonly hooks?: HookGroup
  readonly statusLine?: StatusLineSetting
}

/** What Claude Code runs to get its status line. */
export interface StatusLineSetting {
  readonly type: 'command'
  readonly command: string
}

/** The variables that the settings give Claude Code; the error completes "the file …". */
export function settingsVariables(text: string): Result<TelemetryVariables, string> {
  const settings = parseJsonObject(text)
  if (!settings.ok) return settings
  const { env = {} } = settings.value
  if (!isObject(env)) return err('has an "env" that is not an object')
  const texts = Object.entries(env).map(([name, value]) => [name, String(value)] as const)
  return ok(Object.fromEntries(texts))
}

/** The text with the addition in it; blank text is a file that is not there. */
export function withAddition(
  text: string,
  { variables, hooks, statusLine }: SettingsAddition,
): Result<string, string> {
  const given = text.trim() === '' ? '{}\n' : text
  const readable = settingsVariables(given)
  if (!readable.ok) return readable
  let edited = given
  for (const [name, value] of Object.entries(variables)) {
    if (readable.value[name] !== value) edited = withValue(edited, ['env', name], value)
  }
  if (statusLine !== undefined && !isStatusLine(edited, statusLine)) {
    edited = withValue(edited, ['statusLine'], statusLine)
  }
  return hooks === undefined ? ok(edited) : withHooks(edited, hooks)
}

function isStatusLine(text: string, { command }: StatusLineSetting): boolean {
  const settings = parseJsonObject(text)
  const there = settings.ok ? settings.value.statusLine : undefined
  return isObject(there) && there.type === 'command' && there.command === command
}

function withHooks(text: string, group: HookGroup): Result<string, string> {
  const settings = parseJsonObject(text)
  if (!settings.ok) return settings
  const { hooks = {} } = settings.value
  if (!isObject(hooks)) return err('has "hooks" that are not an object')
  let edited = text
  for (const event of HOOK_EVENTS) {
    const groups = hooks[event] ?? []
    if (!Array.isArray(groups)) return err(`has "hooks" whose ${event} is not a list`)
    if (groups.some((each) => hasHandler(each, urlOf(group)))) continue
    edited =
      groups.length === 0
        ? withValue(edited, ['hooks', event], [group])
        : withElement(edited, ['hooks', event], groups.length, group)
  }
  return ok(edited)
}

/**
 * The text without an addition that somebody has edited around since. `before` is the text it was
 * made to: values that were replaced come back from there. A value that is no longer the one that
 * was added is the user's own, and stays.
 */
export function withoutAddition(
  text: string,
  { variables, hooks, statusLine }: SettingsAddition,
  before: string | undefined,
): Result<string, string> {
  const now = settingsVariables(text)
  if (!now.ok) return now
  const original = parseJsonObject(before ?? '')
  const originals: JsonObject = original.ok ? original.value : {}
  const originalEnv = isObject(originals.env) ? originals.env : {}
  let edited = text
  for (const [name, value] of Object.entries(variables)) {
    if (now.value[name] === value) edited = withValue(edited, ['env', name], originalEnv[name])
  }
  if (statusLine !== undefined && isStatusLine(edited, statusLine)) {
    edited = withValue(edited, ['statusLine'], originals.statusLine)
  }
  if (hooks !== undefined) edited = withoutHooks(edited, urlOf(hooks), originals)
  return ok(withoutEmpty(edited, ['env', 'hooks'], originals))
}

function withoutHooks(text: string, url: string, originals: JsonObject): string {
  let edited = text
  for (const event of HOOK_EVENTS) {
    const groups = groupsOf(edited, event)
    // From the last one on: taking one out moves those behind it.
    for (const [index, group] of [...groups.entries()].reverse()) {
      if (!hasHandler(group, url)) continue
      const others = group.hooks.filter((handler) => !isHandler(handler, url))
      edited =
        others.length === 0
          ? withValue(edited, ['hooks', event, index], undefined)
          : withValue(edited, ['hooks', event, index, 'hooks'], others)
    }
    const wasThere = isObject(originals.hooks) && event in originals.hooks
    if (groups.length > 0 && groupsOf(edited, event).length === 0 && !wasThere) {
      edited = withValue(edited, ['hooks', event], undefined)
    }
  }
  return edited
}

function groupsOf(text: string, event: string): readonly unknown[] {
  const settings = parseJsonObject(text)
  const hooks = settings.ok && isObject(settings.value.hooks) ? settings.value.hooks : {}
  const groups = hooks[event]
  return Array.isArray(groups) ? groups : []
}

/** Without those of the names that hold an empty object now and were not there before. */
function withoutEmpty(text: string, names: readonly string[], originals: JsonObject): string {
  let edited = text
  for (const name of names) {
    const settings = parseJsonObject(edited)
    const value = settings.ok ? settings.value[name] : undefined
    const isEmpty = isObject(value) && Object.keys(value).length === 0
    if (isEmpty && !(name in originals)) edited = withValue(edited, [name], undefined)
  }
  return edited
}

function urlOf({ hooks: [handler] }: HookGroup): string {
  return handler?.url ?? ''
}

function hasHandler(group: unknown, url: string): group is { readonly hooks: readonly unknown[] } {
  return (
    isObject(group) &&
    Array.isArray(group.hooks) &&
    group.hooks.some((handler) => isHandler(handler, url))
  )
}

function isHandler(handler: unknown, url: string): boolean {
  return isObject(handler) && handler.type === 'http' && handler.url === url
}
