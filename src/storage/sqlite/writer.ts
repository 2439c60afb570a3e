/**
 * The way of every change into the database, so that three things hold for all of them: a change
 * waits while a checkpoint finishes, one that made the log long begins the next checkpoint, and one
 * that failed is noted.
 */
import type { Checkpointer } from './checkpointer.ts'
import { markIfDamaged } from './damage.ts'
import type { DataFolder } from '../data-folder.ts'
import type { StorageWatch } from '../storage-watch.ts'

/** Runs synchronous work, a transaction mostly. Rejects with what it throws. */
export type Write = <T>(work: () => T) => Promise<T>

interface WriterDeps {
  readonly checkpointer: Pick<Checkpointer, 'pause' | 'afterCommit'>
  readonly watch: Pick<StorageWatch, 'failed'>
  readonly folder: DataFolder
}

export function createWriter({ checkpointer, watch, folder }: WriterDeps): Write {
  function attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      watch.failed(error)
      markIfDamaged(error, folder)
      throw error
    }
  }

  return async (work) => {
    await checkpointer.pause()
    const result = attempt(work)
    checkpointer.afterCommit()
    return result
  }
}
