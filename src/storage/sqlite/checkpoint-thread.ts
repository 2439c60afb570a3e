/**
 * The thread that checkpoints: copies the write-ahead log into the database over a connection of
 * its own, a round for each message. Started by `checkpointer.ts`, which gives it the path.
 */
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

/** Frames in the log, and how many of them are in the database: those of the pragma. */
export interface LogState {
  readonly log: number
  readonly checkpointed: number
}

/** What is asked of the thread. */
export type CheckpointRequest = 'checkpoint' | 'close'

/** What became of a round. */
export type CheckpointAnswer = LogState | { readonly error: string }

const port = parentPort
if (port === null) throw new Error('this module is the body of a thread')

const handle = new Database(workerData as string, { fileMustExist: true, timeout: 0 })
const checkpoint = handle.prepare<[], LogState>('pragma wal_checkpoint(PASSIVE)')

function round(): CheckpointAnswer {
  try {
    return checkpoint.get() ?? { error: 'SQLite told nothing of the checkpoint' }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

port.on('message', (request: CheckpointRequest) => {
  if (request === 'checkpoint') {
    port.postMessage(round())
    return
  }
  handle.close()
  port.close()
})
