/**
 * Makes commits durable without stopping the process: flushes the write-ahead log to the disk
 * in a thread of libuv. SQLite itself (`synchronous = FULL`) would do the same inside each
 * commit, blocking; with `NORMAL` it leaves the flush to us and still flushes the log before a
 * checkpoint (SQLite documentation, "PRAGMA synchronous").
 */
import { closeSync, fdatasync, openSync } from 'node:fs'
import { promisify } from 'node:util'

const sync = promisify(fdatasync)

export interface WalFlush {
  /** Resolves once every commit made before the call survives a power cut. */
  flush(): Promise<void>
  close(): void
}

/** The log exists from the first commit on, until the last connection closes. */
export function createWalFlush(databasePath: string): WalFlush {
  let descriptor: number | undefined
  return {
    flush: async () => {
      descriptor ??= openSync(`${databasePath}-wal`, 'r+')
      await sync(descriptor)
    },
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}
