/**
 * The thread that checkpoints: copies the write-ahead log into the database over a connection of
 * its own, a round for each message. Started by `checkpointer.ts`, which gives it the path.
 */
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import type { Result } from '../../domain/result.ts'
import { type LogState, rewriteDatabase } from './rewrite-database.ts'

/** What is asked of the thread. */
export type CheckpointRequest = 'checkpoint' | 'rewrite' | 'close'

/** What became of it. */
export type CheckpointAnswer<T = LogState> = T | { readonly error: string }

/** What became of rewriting. */
export interface Rewriting {
  readonly rewritten: Result<undefined, string>
}

/** How long it waits for whoever reads. */
const REWRITE_TIMEOUT_MS = 30_000

const port = parentPort
if (port === null) throw new Error('this module is the body of a thread')

const handle = new Database(workerData as string, { fileMustExist: true, timeout: 0 })
const checkpoint = handle.prepare<[], LogState>('pragma wal_checkpoint(PASSIVE)')

function round(): CheckpointAnswer {
  try {
    return checkpoint.get() ?? { error: 'SQLite reported nothing about the checkpoint' }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

function rewrite(): CheckpointAnswer<Rewriting> {
  try {
    handle.pragma(`busy_timeout = ${REWRITE_TIMEOUT_MS}`)
    return { rewritten: rewriteDatabase(handle) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  } finally {
    handle.pragma('busy_timeout = 0')
  }
}

port.on('message', (request: CheckpointRequest) => {
  if (request !== 'close') {
    port.postMessage(request === 'rewrite' ? rewrite() : round())
    return
  }
  handle.close()
  port.close()
})
