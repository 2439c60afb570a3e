/**
 * What becomes of one file when something is installed or taken out, worked out before anything is
 * written. Both go by the same two steps: first the file without what is recorded of it, then, to
 * install, the addition made to that. So installing twice changes nothing the second time.
 */
import { err, ok, type Result } from '../domain/result.ts'
import {
  type AgentValue,
  replacedValues,
  type SettingsFormat,
  withAgentValues,
  withoutAgentValues,
} from './agent-settings.ts'
import type { HookGroup } from './claude-hooks.ts'
import {
  type StatusLineSetting,
  settingsVariables,
  withAddition,
  withoutAddition,
} from './claude-settings.ts'
import { type InstalledFile, type InstallRecord, sha256 } from './install-record.ts'
import { type Shell, withBlock, withoutBlock } from './shell-block.ts'
import { readTarget } from './target-file.ts'
import type { TelemetryVariables } from './telemetry-environment.ts'

const BYTE_ORDER_MARK = '\u{feff}'

/** What is to be in a file. `variables` are worked out from those that the file sets already. */
export type Addition = { readonly path: string } & (
  | {
      readonly kind: 'settings'
      readonly variables: (given: TelemetryVariables) => TelemetryVariables
      readonly hooks?: HookGroup
      readonly statusLine?: StatusLineSetting
    }
  | { readonly kind: 'shell'; readonly shell: Shell; readonly variables: TelemetryVariables }
  | { readonly kind: 'service'; readonly text: string }
  | {
      readonly kind: 'agent'
      readonly format: SettingsFormat
      readonly values: readonly AgentValue[]
    }
)

export interface FileChange {
  readonly path: string
  /** As it is; `undefined` when there is no such file. */
  readonly current: Buffer | undefined
  /** As it is without anything of ours. */
  readonly clean: Buffer | undefined
  /** As it is to be; `undefined` when it is to go. */
  readonly wanted: Buffer | undefined
  /** Those that it sets then, of ours. */
  readonly variables: TelemetryVariables
  /** Values of the person's own that ours stand in for meanwhile, by variable. */
  readonly replaced: TelemetryVariables
}

/** The change that takes out what is recorded. */
export function removal(file: InstalledFile, record: InstallRecord): Result<FileChange, string> {
  const { path } = file
  const current = readTarget(path)
  if (!current.ok) return current
  const clean = cleanOf(current.value, file, record)
  if (!clean.ok) return err(`${path} ${clean.error}`)
  const [now, then] = [current.value, clean.value]
  return ok({ path, current: now, clean: then, wanted: then, variables: {}, replaced: {} })
}

/** The change that puts the addition in, in place of what is recorded of the file. */
export function installation(
  addition: Addition,
  installed: InstalledFile | undefined,
  record: InstallRecord,
): Result<FileChange, string> {
  const { path } = addition
  const current = readTarget(path)
  if (!current.ok) return current
  const clean = cleanOf(current.value, installed, record)
  if (!clean.ok) return err(`${path} ${clean.error}`)
  const added = withIt(clean.value, addition)
  if (!added.ok) return err(`${path} ${added.error}`)
  return ok({ path, current: current.value, clean: clean.value, ...added.value })
}

function cleanOf(
  current: Buffer | undefined,
  installed: InstalledFile | undefined,
  record: InstallRecord,
): Result<Buffer | undefined, string> {
  if (current === undefined || installed === undefined) return ok(current)
  const before = record.before(installed)
  const isUntouched = sha256(current) === installed.written
  const hasBackup = installed.backup === undefined || before !== undefined
  if ((isUntouched && hasBackup) || installed.kind === 'service') return ok(before)
  // Edited since: only what is ours is taken out.
  if (installed.kind === 'shell') {
    const rest = withoutBlock(current.toString('latin1'))
    return ok(rest === '' && before === undefined ? undefined : Buffer.from(rest, 'latin1'))
  }
  const text = settingsText(current)
  if (!text.ok) return text
  const originals = before === undefined ? undefined : settingsText(before)
  const original = originals?.ok === true ? originals.value.text : undefined
  const { format = 'json', values = [] } = installed
  const edited =
    installed.kind === 'agent'
      ? withoutAgentValues(text.value.text, format, values, original)
      : withoutAddition(text.value.text, installed, original)
  return edited.ok ? ok(settingsBytes(text.value.mark, edited.value)) : edited
}

type Added = Pick<FileChange, 'wanted' | 'variables' | 'replaced'>

function withIt(clean: Buffer | undefined, addition: Addition): Result<Added, string> {
  if (addition.kind === 'service') {
    return ok({ wanted: Buffer.from(addition.text), variables: {}, replaced: {} })
  }
  if (addition.kind === 'shell') {
    const { shell, variables } = addition
    const text = withBlock(clean?.toString('latin1'), shell, variables)
    return ok({ wanted: Buffer.from(text, 'latin1'), variables, replaced: {} })
  }
  const given = settingsText(clean ?? Buffer.alloc(0))
  if (!given.ok) return given
  const { mark, text } = given.value
  if (addition.kind === 'agent') {
    const { format, values } = addition
    const edited = withAgentValues(text, format, values)
    if (!edited.ok) return edited
    const replaced = replacedValues(text, format, values)
    return ok({ wanted: settingsBytes(mark, edited.value), variables: {}, replaced })
  }
  const set = settingsVariables(text)
  if (!set.ok) return set
  const variables = addition.variables(set.value)
  const edited = withAddition(text, { ...addition, variables })
  if (!edited.ok) return edited
  const replaced = Object.entries(set.value).filter(
    ([name, value]) => variables[name] !== undefined && variables[name] !== value,
  )
  const wanted = settingsBytes(mark, edited.value)
  return ok({ wanted, variables, replaced: Object.fromEntries(replaced) })
}

/** Strictly UTF-8, as JSON and TOML have to be; a byte order mark at its head is kept apart. */
function settingsText(
  bytes: Buffer,
): Result<{ readonly mark: string; readonly text: string }, string> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : ''
    return ok({ mark, text: text.slice(mark.length) })
  } catch {
    return err('is not UTF-8')
  }
}

function settingsBytes(mark: string, text: string): Buffer {
  return Buffer.from(mark + text)
}
