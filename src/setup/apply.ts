/**
 * Writes what was worked out: backup, then record, then the file, so that whatever a crash leaves
 * can be undone.
 */
import { ok, type Result } from '../domain/result.ts'
import type { Addition, FileChange } from './file-change.ts'
import { type InstalledFile, type InstallRecord, sha256 } from './install-record.ts'
import { modeOf, removeEmptyFolders, writeTarget } from './target-file.ts'

/** Permission of anybody but the owner to read. */
const OTHERS_READ = 0o044

/** Resolves to a line for each thing a person should know. `additions` and `changes` are pairs. */
export function applyInstallation(
  additions: readonly Addition[],
  changes: readonly FileChange[],
  installed: readonly InstalledFile[],
  record: InstallRecord,
): Result<readonly string[], string> {
  let files = installed
  const lines: string[] = []
  for (const [index, addition] of additions.entries()) {
    const change = changes[index]
    if (change === undefined) break
    const isThere = change.wanted !== undefined && change.current?.equals(change.wanted) === true
    if (isThere) {
      lines.push(`${change.path} is up to date.`)
      continue
    }
    const written = writeOne(addition, change, files, record)
    if (!written.ok) return written
    files = written.value.files
    lines.push(...written.value.lines)
  }
  return ok(lines)
}

interface Written {
  readonly files: readonly InstalledFile[]
  readonly lines: readonly string[]
}

function writeOne(
  addition: Addition,
  change: FileChange,
  files: readonly InstalledFile[],
  record: InstallRecord,
): Result<Written, string> {
  const { path, clean, wanted = Buffer.alloc(0), variables, replaced } = change
  const known = files.find((file) => file.path === path)
  const kept = clean === undefined ? undefined : record.keep(path, clean)
  if (kept?.ok === false) return kept
  const others = files.filter((file) => file.path !== path)
  const entry: InstalledFile = {
    path,
    kind: addition.kind,
    written: sha256(wanted),
    folders: known?.folders ?? [],
    variables,
    ...(kept !== undefined && { backup: kept.value.name }),
    ...(addition.kind === 'settings' && addition.hooks !== undefined && { hooks: addition.hooks }),
    ...(addition.kind === 'settings' &&
      addition.statusLine !== undefined && { statusLine: addition.statusLine }),
    ...(addition.kind === 'agent' && { format: addition.format, values: addition.values }),
  }
  const recorded = record.write([...others, entry])
  if (!recorded.ok) return recorded
  const made = writeTarget(path, wanted)
  if (!made.ok) return made
  const after = [...others, { ...entry, folders: [...entry.folders, ...made.value] }]
  const completed = made.value.length === 0 ? ok(undefined) : record.write(after)
  if (!completed.ok) return completed
  const backup = kept === undefined ? '' : ` The old file: ${kept.value.at}`
  const lines = [
    `Wrote ${path}.${backup}`,
    ...replacedLines(replaced),
    ...keyLines(path, holdsKey(variables, addition)),
  ]
  return ok({ files: after, lines })
}

function replacedLines(replaced: FileChange['replaced']): string[] {
  return Object.entries(replaced).map(([name, value]) => {
    const shown = name.endsWith('_HEADERS') ? 'another value' : JSON.stringify(value)
    return `  ${name} was ${shown}; "uninstall" restores it.`
  })
}

function holdsKey(variables: FileChange['variables'], addition: Addition): boolean {
  if (variables.OTEL_EXPORTER_OTLP_HEADERS !== undefined) return true
  return addition.kind === 'agent' && JSON.stringify(addition.values).includes('"Authorization"')
}

/** A key in a file that others may read is no secret any more. */
function keyLines(path: string, holdsKey: boolean): string[] {
  const isOpen = ((modeOf(path) ?? 0) & OTHERS_READ) !== 0
  if (!holdsKey || !isOpen) return []
  return [`  It now holds the key, and others on this machine can read it: chmod 600 ${path}`]
}

/** Undoes what is recorded. Resolves to a line for each file. */
export function applyRemoval(
  removed: readonly (readonly [InstalledFile, FileChange])[],
  record: InstallRecord,
): Result<readonly string[], string> {
  const lines: string[] = []
  for (const [{ folders }, { path, current, clean, wanted }] of removed) {
    const written = current === undefined ? ok([]) : writeTarget(path, wanted)
    if (!written.ok) return written
    if (wanted === undefined) removeEmptyFolders(folders)
    lines.push(clean === undefined ? `Removed ${path}.` : `Restored ${path}.`)
  }
  const recorded = record.write([])
  return recorded.ok ? ok(lines) : recorded
}
