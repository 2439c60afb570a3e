/**
 * Damaged database files. One that cannot be used is moved aside, never deleted, and a fresh one
 * takes its place: a bridge that refuses to start loses every record from then on.
 */
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { Connection } from './connection.ts'
import type { DataFolder } from '../data-folder.ts'
import type { SqliteOpenError } from './open-error.ts'

/** Larger files are looked through only when damage was met: that takes seconds. */
const QUICK_TO_CHECK_BYTES = 64 * 1024 * 1024

/** SQLite's own word for a file that is not whole. */
class DamagedError extends Error {
  readonly code = 'SQLITE_CORRUPT'
}

/** Throws when the file is small, or suspected, and not whole. */
export function checkWhole({ handle }: Connection, folder: DataFolder): void {
  const isSuspected = existsSync(folder.damageMarkPath)
  if (!isSuspected && statSync(folder.databasePath).size > QUICK_TO_CHECK_BYTES) return
  const found = String(handle.pragma('quick_check(1)', { simple: true }))
  if (found !== 'ok') throw new DamagedError(found)
  rmSync(folder.damageMarkPath, { force: true })
}

/** Whether a file of this kind of trouble is to be moved aside. */
export function isDamage({ reason }: SqliteOpenError): boolean {
  return reason === 'damaged' || reason === 'not_a_database'
}

/** Notes damage that was met while the store was in use, for the next start. */
export function markIfDamaged(error: unknown, { damageMarkPath }: DataFolder): void {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return
  if (!/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return
  try {
    writeFileSync(damageMarkPath, `${error.message}\n`, { mode: 0o600 })
  } catch {
    // A disk in that state may refuse this as well; small files are looked through anyway.
  }
}

/** Moves the database and its side files away. Returns where the database is now. */
export function setAside({ databasePath, damageMarkPath }: DataFolder, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')
  const asidePath = `${databasePath}.damaged-${stamp}`
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(databasePath + suffix)) renameSync(databasePath + suffix, asidePath + suffix)
  }
  rmSync(damageMarkPath, { force: true })
  return asidePath
}
