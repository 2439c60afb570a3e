/**
 * What `install` has to remember to be undone: for each file what was added, what the file was
 * before (a copy, the backup), and how it looked afterwards. Kept in the user's config folder,
 * readable by that user alone.
 */
import { hash } from 'node:crypto'
import { basename, join } from 'node:path'
import { err, ok, type Result } from '../domain/result.ts'
import type { AgentValue, SettingsFormat } from './agent-settings.ts'
import type { HookGroup } from './claude-hooks.ts'
import type { StatusLineSetting } from './claude-settings.ts'
import { isObject, parseJsonObject } from './json-object.ts'
import { readTarget, removeEmptyFolders, writeTarget } from './target-file.ts'

/** One file that was changed. */
export interface InstalledFile {
  readonly path: string
  readonly kind: 'settings' | 'shell' | 'service' | 'agent'
  /** SHA-256 of the bytes written. */
  readonly written: string
  /** File name in the backup folder; absent when there was no such file. */
  readonly backup?: string
  /** Folders that had to be made for it. */
  readonly folders: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly hooks?: HookGroup
  readonly statusLine?: StatusLineSetting
  /** Of the settings of another agent. */
  readonly format?: SettingsFormat
  readonly values?: readonly AgentValue[]
}

export interface InstallRecord {
  /** What is installed; none when nothing is. */
  files(): Result<readonly InstalledFile[], string>
  /** What the file was before; `undefined` when it was not there, or its backup is gone. */
  before(file: InstalledFile): Buffer | undefined
  /** Keeps the bytes a file had before. Returns the name of the backup, and where it is. */
  keep(path: string, before: Buffer): Result<{ readonly name: string; readonly at: string }, string>
  /** Remembers these and no others; backups of others are removed. */
  write(files: readonly InstalledFile[]): Result<undefined, string>
}

/** What a person can do about a record that cannot be read. */
export const UNREADABLE_RECORD =
  'Nothing was changed. Copies of your files are in "backup" next to it; move both away to start over.'

export function sha256(bytes: Buffer): string {
  return hash('sha256', bytes)
}

export function createInstallRecord(configDir: string): InstallRecord {
  const path = join(configDir, 'installed.json')
  const backupDir = join(configDir, 'backup')
  const backupPath = (name: string): string => join(backupDir, basename(name))

  function files(): Result<readonly InstalledFile[], string> {
    const bytes = readTarget(path)
    if (!bytes.ok) return bytes
    if (bytes.value === undefined) return ok([])
    const parsed = parseJsonObject(bytes.value.toString())
    if (!parsed.ok) return err(`${path} ${parsed.error}`)
    const listed: unknown = parsed.value.files
    if (Array.isArray(listed) && listed.every(isInstalledFile)) return ok(listed)
    return err(`${path} is not as this program wrote it`)
  }

  return {
    files,
    before: ({ backup }) => {
      if (backup === undefined) return undefined
      const bytes = readTarget(backupPath(backup))
      return bytes.ok ? bytes.value : undefined
    },
    keep: (target, before) => {
      const name = `${basename(target)}.${sha256(Buffer.from(target)).slice(0, 8)}`
      const written = writeTarget(backupPath(name), before)
      return written.ok ? ok({ name, at: backupPath(name) }) : written
    },
    write: (kept) => {
      const known = files()
      const names = new Set(kept.map(({ backup }) => backup))
      for (const { backup } of known.ok ? known.value : []) {
        if (backup !== undefined && !names.has(backup)) writeTarget(backupPath(backup), undefined)
      }
      const text = kept.length === 0 ? undefined : `${JSON.stringify({ files: kept }, null, 2)}\n`
      const written = writeTarget(path, text === undefined ? undefined : Buffer.from(text))
      if (!written.ok) return written
      if (kept.length === 0) removeEmptyFolders([configDir, backupDir])
      return ok(undefined)
    },
  }
}

const KINDS: readonly InstalledFile['kind'][] = ['settings', 'shell', 'service', 'agent']

function isInstalledFile(value: unknown): value is InstalledFile {
  return (
    isObject(value) &&
    typeof value.path === 'string' &&
    KINDS.some((kind) => kind === value.kind) &&
    (value.kind !== 'agent' || Array.isArray(value.values)) &&
    typeof value.written === 'string' &&
    (value.backup === undefined || typeof value.backup === 'string') &&
    Array.isArray(value.folders) &&
    isObject(value.variables)
  )
}
