/** The durable store as the composition root sees it, whatever database is behind it. */
import type { Outbox } from '../domain/outbox.ts'
import type { Result } from '../domain/result.ts'
import type { SessionStore } from '../domain/store.ts'
import type { Upkeep } from './upkeep.ts'

export interface Store<S> {
  readonly sessions: SessionStore<S>
  readonly outbox: Outbox
  /** Whether a commit would succeed now (disk full, read-only, damaged …): tries an empty one. */
  check(): Promise<Result<undefined, string>>
  /** Bounds of the outbox, and retention. */
  readonly upkeep: Upkeep
  /** Ends the use of the database; the folder is free for another process. */
  close(): Promise<void>
}
