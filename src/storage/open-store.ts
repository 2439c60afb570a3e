/**
 * Opens the store for the process that owns it, or that is one of its owners. With `beside.ts` the one
 * place outside of an engine's folder that knows which engines there are: everybody else sees the ports.
 */
import type { Result } from '../domain/result.ts'
import type { StorePlace } from './store-place.ts'
import type { Store, StoreOpenError, StoreOptions } from './store.ts'

/** The store, or why it cannot be had. What an engine needs is loaded with it. */
export async function openStore<S>(
  options: StoreOptions<S> & StorePlace,
): Promise<Result<Store<S>, StoreOpenError>> {
  const { database } = options
  if (database === undefined) {
    const { createSqliteStore } = await import('./sqlite/sqlite-store.ts')
    return createSqliteStore(options)
  }
  const { createPostgresStore } = await import('./postgres/postgres-store.ts')
  return createPostgresStore({ ...options, database })
}
