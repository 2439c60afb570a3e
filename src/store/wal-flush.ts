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

/**
 * The log exists from the first commit on, until the last connection closes. One flush runs at a
 * time; those asked for meanwhile share the next one.
 */
export function createWalFlush(databasePath: string): WalFlush {
  let descriptor: number | undefined
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function run(): Promise<void> {
    descriptor ??= openSync(`${databasePath}-wal`, 'r+')
    await sync(descriptor)
  }

  function start(): Promise<void> {
    const started = run().finally(() => {
      if (running === started) running = undefined
    })
    running = started
    return started
  }

  return {
    flush: () => {
      if (running === undefined) return start()
      next ??= running
        .catch(() => {})
        .then(() => {
          next = undefined
          return start()
        })
      return next
    },
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}
