/**
 * Opens the store for the process that owns it. With `beside.ts` the one place outside of an engine's
 * folder that knows which engine there is: everybody else sees the ports.
 */
import type { Result } from '../domain/result.ts'
import { createSqliteStore } from './sqlite/sqlite-store.ts'
import type { Store, StoreOpenError, StoreOptions } from './store.ts'

export interface StorePlace {
  /** Absolute path of the folder with the files. Made when it is missing, for its owner alone. */
  readonly dataDir: string
}

/** The store, or why it cannot be had. */
export function openStore<S>(
  options: StoreOptions<S> & StorePlace,
): Promise<Result<Store<S>, StoreOpenError>> {
  return createSqliteStore(options)
}
