/** Tries whether a commit would succeed now. */
import type { Connection } from './connection.ts'

/**
 * As much as a commit of some requests: once one has failed, less may fit where the next does not,
 * in what the write-ahead log has left, say.
 */
const FILLER_BYTES = 128 * 1024

/** Failures that the data caused, and not the place where it is stored. */
const OF_THE_DATA = /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH)/

/** Whether an error says that nothing can be stored at present. */
export function isOfStorage(error: unknown): error is Error {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return false
  return error.code.startsWith('SQLITE_') && !OF_THE_DATA.test(error.code)
}

export interface StorageProbe {
  /** Writes a number that nothing reads, the whole way to the disk. Throws what SQLite says. */
  light(): void
  /** Writes as much as a commit does, and deletes it again. */
  full(): void
}

export function createStorageProbe({ handle }: Pick<Connection, 'handle'>): StorageProbe {
  const fill = handle.prepare<[number]>(
    'insert or replace into probe (id, filler) values (1, zeroblob(?))',
  )
  const empty = handle.prepare('delete from probe')
  return {
    light: () => {
      handle.pragma('user_version = 0')
    },
    full: () => {
      fill.run(FILLER_BYTES)
      empty.run()
    },
  }
}
