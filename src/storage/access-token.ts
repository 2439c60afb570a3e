/**
 * The key of the page and its API on this machine: 256 random bits in a file of the data folder that
 * only its owner may read. The bridge makes it at its first start; commands read it.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from '../domain/result.ts'

const FILE_NAME = 'access-token'
const FILE_MODE = 0o600
const TOKEN_BYTES = 32
/** The mode bits of everybody but the owner. */
const OTHERS = 0o077
/** One that a person chose may look different; a short one could be guessed. */
const CONTENT = /^[\x21-\x7e]{16,4096}$/
/** A link could lead to a file of somebody else. Absent on Windows. */
const NO_FOLLOW = (constants as { O_NOFOLLOW?: number }).O_NOFOLLOW ?? 0

export function accessTokenPath(dataDir: string): string {
  return join(dataDir, FILE_NAME)
}

/**
 * For the holder of the folder's lock: the token, which is made when there is none. The file is
 * never seen half written, and one that exists is never replaced. The error is a sentence for a
 * person.
 */
export function keepAccessToken(dataDir: string): Result<string, string> {
  const path = accessTokenPath(dataDir)
  try {
    return known(path) ?? made(path)
  } catch (error) {
    return err(`${path} cannot be read or made: ${String(error)}`)
  }
}

/** For a program beside the bridge; `undefined` when there is none, or it may not be read. */
export function readAccessToken(dataDir: string): string | undefined {
  try {
    const found = known(accessTokenPath(dataDir))
    return found?.ok === true ? found.value : undefined
  } catch {
    return undefined
  }
}

/** `undefined` when there is no file. Takes away what others may do with it. */
function known(path: string): Result<string, string> | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | NO_FOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) return err(`${path} is not a file; move it away and restart the bridge`)
    if ((stats.mode & OTHERS) !== 0 && stats.uid === process.getuid?.()) fchmodSync(file, FILE_MODE)
    const token = readFileSync(file, 'latin1').trim()
    if (CONTENT.test(token)) return ok(token)
    return err(
      `${path} holds no token (at least 16 printable characters without spaces); delete it and restart the bridge`,
    )
  } finally {
    closeSync(file)
  }
}

/** Written beside its place and linked there whole, which fails if another has come first. */
function made(path: string): Result<string, string> {
  const draft = `${path}.${randomUUID()}`
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  try {
    const file = openSync(draft, 'wx', FILE_MODE)
    try {
      writeSync(file, `${token}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    try {
      linkSync(draft, path)
      return ok(token)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      return (
        known(path) ?? err(`${path} was created and removed at the same time; restart the bridge`)
      )
    }
  } finally {
    rmSync(draft, { force: true })
  }
}
