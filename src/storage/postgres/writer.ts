/** The way of every change into the database: one that failed because of the place is noted. */
import type { StorageWatch } from '../storage-watch.ts'

/** Rejects with what the work rejects with. */
export type Write = <T>(work: () => Promise<T>) => Promise<T>

/** `objection` says why nothing may be changed at present. */
export function createWriter(
  watch: Pick<StorageWatch, 'failed'>,
  objection: () => Error | undefined = () => undefined,
): Write {
  return async (work) => {
    try {
      const why = objection()
      if (why !== undefined) throw why
      return await work()
    } catch (error) {
      watch.failed(error)
      throw error
    }
  }
}
