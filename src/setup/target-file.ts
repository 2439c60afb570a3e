/**
 * A file that belongs to a person and is changed here: read as bytes, written beside itself and
 * then put in its place, so that a crash leaves the old one or the new one. Links are followed and
 * stay links; mode and owner stay.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { err, ok, type Result } from '../domain/result.ts'

/** Of files made here: they may hold a key. */
const NEW_FILE_MODE = 0o600
const NEW_FOLDER_MODE = 0o700
const PERMISSIONS = 0o7777
/** Far more than settings and start-up files ever have. */
const MAX_BYTES = 16 * 1024 * 1024

/**
 * The bytes, or `undefined` when there is no file. Some of these paths are the work of whoever
 * made the repository that a person stands in, so what is there may be a FIFO or a device.
 */
export function readTarget(path: string): Result<Buffer | undefined, string> {
  try {
    const real = behindLinks(path)
    return ok(existsSync(real) ? readRegularFile(real) : undefined)
  } catch (error) {
    return err(`${path} cannot be read: ${messageOf(error)}`)
  }
}

/** Permission bits, or `undefined` when there is no file. */
export function modeOf(path: string): number | undefined {
  return existsSync(path) ? statSync(path).mode & PERMISSIONS : undefined
}

/** Writes the bytes; `undefined` removes the file. Resolves to the folders that had to be made. */
export function writeTarget(
  path: string,
  bytes: Buffer | undefined,
): Result<readonly string[], string> {
  try {
    const real = behindLinks(path)
    if (bytes === undefined) {
      rmSync(real, { force: true })
      return ok([])
    }
    const made = makeFolders(dirname(real))
    replaceFile(real, bytes)
    return ok(made)
  } catch (error) {
    return err(`${path} cannot be written: ${messageOf(error)}`)
  }
}

/** Removes folders that `writeTarget` made, the deepest first, as far as they are empty. */
export function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(folder)
    } catch {
      return
    }
  }
}

function readRegularFile(path: string): Buffer {
  // Looked at before it is opened: to open a device can be an act of its own.
  if (!statSync(path).isFile()) throw new Error('it is not a regular file')
  // Without O_NONBLOCK, opening a FIFO waits for its other end.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw new Error('it is not a regular file')
    if (found.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`)
    const buffer = Buffer.alloc(found.size)
    let filled = 0
    for (let bytes = -1; bytes !== 0 && filled < buffer.length; filled += bytes) {
      bytes = readSync(file, buffer, filled, buffer.length - filled, filled)
    }
    return buffer.subarray(0, filled)
  } finally {
    closeSync(file)
  }
}

function replaceFile(path: string, bytes: Buffer): void {
  const before = existsSync(path) ? statSync(path) : undefined
  const draft = join(dirname(path), `.claude-telemetry-${process.pid}.tmp`)
  try {
    writeFileSync(draft, bytes, { mode: NEW_FILE_MODE, flag: 'wx' })
    if (before !== undefined) {
      if (statSync(draft).uid !== before.uid) chownSync(draft, before.uid, before.gid)
      chmodSync(draft, before.mode & PERMISSIONS)
    }
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** The file that the path stands for, also where a link leads to one that is not there yet. */
function behindLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  if (!isLink(path)) return path
  return resolve(dirname(path), readlinkSync(path))
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

/** The outermost first. Not by `recursive`, which does not tell all it made. */
function makeFolders(folder: string): string[] {
  if (existsSync(folder)) return []
  const made = makeFolders(dirname(folder))
  mkdirSync(folder, { mode: NEW_FOLDER_MODE })
  return [...made, folder]
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
