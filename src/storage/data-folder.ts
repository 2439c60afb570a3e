/**
 * The folder and the files of the store. They hold prompts and answers, so only their owner may
 * read them: folders that are missing are made with mode 0700, files with 0600 (SQLite gives
 * its side files the mode of the database). A folder that exists is left as it is.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
/** The mode bits of everybody but the owner. */
const OTHERS = 0o077

export interface DataFolder {
  readonly databasePath: string
  readonly lockPath: string
  /** Says that damage was met while the database was in use. */
  readonly damageMarkPath: string
  /** Says which folder this is. */
  readonly instancePath: string
}

export function dataFolderAt(dataDir: string): DataFolder {
  return {
    databasePath: join(dataDir, 'claude-telemetry.db'),
    lockPath: join(dataDir, 'claude-telemetry.lock'),
    damageMarkPath: join(dataDir, 'claude-telemetry.damaged'),
    instancePath: join(dataDir, 'claude-telemetry.id'),
  }
}

/**
 * Makes what is missing of the folder, an absolute path. Throws what the operating system says.
 * Not by `recursive`: where a file system answers ENOENT below a folder that exists (`/proc`),
 * Node 24 tries for ever.
 */
export function makeFolder(dataDir: string): void {
  const parent = dirname(dataDir)
  if (existsSync(dataDir) || parent === dataDir) return
  makeFolder(parent)
  mkdirSync(dataDir, { mode: FOLDER_MODE })
}

/**
 * Makes the file when it is missing, and private in any case. One that exists is not opened:
 * closing it again would drop the locks that this process may hold on it.
 */
export function makePrivateFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'ax', FILE_MODE))
  if ((statSync(path).mode & OTHERS) !== 0) chmodSync(path, FILE_MODE)
}

/** Files of databases that were moved aside because they were damaged; absolute. */
export function damagedFiles(dataDir: string): readonly string[] {
  const beginning = `${basename(dataFolderAt(dataDir).databasePath)}.damaged-`
  try {
    const names = readdirSync(dataDir).filter((name) => name.startsWith(beginning))
    return names.sort().map((name) => join(dataDir, name))
  } catch {
    return []
  }
}

/** Whether there is no database in the folder, for all that may be seen of it. */
export function isDataMissing(dataDir: string): boolean {
  try {
    return statSync(dataFolderAt(dataDir).databasePath, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

/** Bytes of the write-ahead log; undefined when they cannot be read. */
export function logBytes({ databasePath }: DataFolder): number | undefined {
  try {
    return statSync(`${databasePath}-wal`, { throwIfNoEntry: false })?.size ?? 0
  } catch {
    return undefined
  }
}

/** Bytes of the database with its log; undefined when they cannot be read. */
export function databaseBytes(folder: DataFolder): number | undefined {
  const walBytes = logBytes(folder)
  try {
    return walBytes === undefined ? undefined : statSync(folder.databasePath).size + walBytes
  } catch {
    return undefined
  }
}
