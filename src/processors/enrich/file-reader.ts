/**
 * Reads files whose paths a client or a repository names. Such a path may lead anywhere: to a FIFO,
 * a device, a file without end, a file system that no longer answers. So a file is opened without
 * waiting for its other end, has to be a regular one of a known size, and is read up to a bound.
 *
 * An operation that hangs keeps a thread of Node's pool for good, and the pool, which also inflates
 * requests and resolves names, has four. So at most one operation runs at a time in the process.
 * While it hangs, everything else is refused at once.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { Clock } from '../../domain/clock.ts'
import { err, ok, type Result } from '../../domain/result.ts'

/** After this long an operation counts as hanging. */
const HANGING_AFTER_MS = 500
/** Operations that wait for the one at hand. */
const MAX_WAITING = 1000
const MAX_PATH_LENGTH = 4096
/** Where a flag is missing, as on Windows, it is `undefined`, which adds nothing. libuv sets O_CLOEXEC. */
const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY
const NO_LINK = READ_ONLY | constants.O_NOFOLLOW

/** The parts of `node:fs/promises` that are used. */
export interface FileSystem {
  stat(path: string): Promise<Stats>
  lstat(path: string): Promise<Stats>
  realpath(path: string): Promise<string>
  open(path: string, flags: number): Promise<FileHandle>
}

export interface FileReader {
  /**
   * The first bytes of a regular file, behind links too; `undefined` when there is none that can
   * be read. Rejects with `FileSystemHangs`.
   */
  head(path: string, maxBytes: number): Promise<Buffer | undefined>
  /**
   * All of a regular file that is no link itself. `admit` gets its size before a byte is read and
   * may refuse it. The error completes "the file …".
   */
  whole(
    path: string,
    admit: (bytes: number) => Result<undefined, string>,
  ): Promise<Result<Buffer, string>>
  /** Where a path leads to, `undefined` when nowhere. Rejects with `FileSystemHangs`. */
  resolved(path: string): Promise<string | undefined>
  /** Whether an operation runs now. The process would wait for it at its exit, where Node joins the pool. */
  readonly isBusy: () => boolean
}

/** The file system does not answer; nothing is known of the file. */
export class FileSystemHangs extends Error {
  override readonly message = 'a file system does not answer'
}

/** One for the whole process. */
export function createFileReader(
  clock: Clock,
  files: FileSystem = { stat, lstat, realpath, open },
): FileReader {
  const lane = createLane(clock)

  /** Hands the open file on when it is a regular one; closes it in any case. */
  async function withFile<T>(
    path: string,
    flags: number,
    use: (file: FileHandle, bytes: number) => Promise<T>,
  ): Promise<T | undefined> {
    const close = (file: FileHandle): void => {
      const closed = lane.run(() => file.close()).catch(() => file.close())
      closed.catch(() => undefined)
    }
    const file = await lane.run(() => files.open(path, flags), close)
    try {
      const found = await lane.run(() => file.stat())
      return found.isFile() ? await use(file, found.size) : undefined
    } finally {
      close(file)
    }
  }

  /** Fewer bytes than asked for when the file ends before. */
  async function read(file: FileHandle, bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(bytes)
    let filled = 0
    while (filled < bytes) {
      const at = filled
      const { bytesRead } = await lane.run(() => file.read(buffer, at, bytes - at, at))
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }

  async function head(path: string, maxBytes: number): Promise<Buffer | undefined> {
    if (!isPath(path)) return undefined
    // Looked at before it is opened: to open a device can be an act of its own.
    const found = await lane.run(() => files.stat(path))
    if (!found.isFile()) return undefined
    return withFile(path, READ_ONLY, (file, bytes) => read(file, Math.min(bytes, maxBytes)))
  }

  async function whole(
    path: string,
    admit: (bytes: number) => Result<undefined, string>,
  ): Promise<Result<Buffer, string>> {
    if (!isPath(path)) return err('has no path that can be read')
    const found = await lane.run(() => files.lstat(path))
    if (!found.isFile()) return err('is not a regular file')
    const content = await withFile(path, NO_LINK, async (file, bytes) => {
      // Pseudo files, such as those of /proc, tell no size.
      if (bytes === 0) return err('is empty, or has no size')
      const admitted = admit(bytes)
      if (!admitted.ok) return admitted
      const buffer = await read(file, bytes)
      return buffer.length === bytes ? ok(buffer) : err('became shorter while it was read')
    })
    return content ?? err('is not a regular file')
  }

  return {
    head: (path, maxBytes) => head(path, maxBytes).catch(unlessHanging(undefined)),
    whole: async (path, admit) => {
      try {
        return await whole(path, admit)
      } catch (error) {
        if (error instanceof FileSystemHangs) return err('is on a file system that does not answer')
        return err('is not there, or cannot be read')
      }
    },
    resolved: async (path) => {
      if (!isPath(path)) return undefined
      return lane.run(() => files.realpath(path)).catch(unlessHanging(undefined))
    },
    isBusy: lane.isBusy,
  }
}

/** A path of this machine. On Windows, `\\host\share` would log in at a host of the client's choice. */
function isPath(path: string): boolean {
  return isAbsolute(path) && path.length <= MAX_PATH_LENGTH && !/^[\\/]{2}/.test(path)
}

function unlessHanging<T>(otherwise: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof FileSystemHangs) throw error
    return otherwise
  }
}

interface Lane {
  /**
   * Runs an operation once those before it are done. Rejects with `FileSystemHangs` when that
   * takes too long; `discard` gets a value that comes after that.
   */
  run<T>(operation: () => Promise<T>, discard?: (late: T) => void): Promise<T>
  readonly isBusy: () => boolean
}

interface Waiting {
  start(): Promise<void>
  giveUp(): void
}

function createLane(clock: Clock): Lane {
  const waiting: Waiting[] = []
  let current: Waiting | undefined
  let isHanging = false

  function hang(): void {
    isHanging = true
    current?.giveUp()
    for (const each of waiting.splice(0)) each.giveUp()
  }

  async function next(): Promise<void> {
    for (current = waiting.shift(); current !== undefined; current = waiting.shift()) {
      const timer = clock.setTimer(hang, HANGING_AFTER_MS)
      await current.start()
      timer.cancel()
      isHanging = false
    }
  }

  function run<T>(operation: () => Promise<T>, discard?: (late: T) => void): Promise<T> {
    if (isHanging || waiting.length >= MAX_WAITING) return Promise.reject(new FileSystemHangs())
    return new Promise((resolve, reject) => {
      let isGivenUp = false
      waiting.push({
        start: () =>
          operation().then((value) => {
            if (isGivenUp) discard?.(value)
            else resolve(value)
          }, reject),
        giveUp: () => {
          isGivenUp = true
          reject(new FileSystemHangs())
        },
      })
      if (current === undefined) void next()
    })
  }

  return { run, isBusy: () => current !== undefined }
}
