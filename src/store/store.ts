/** The durable store as the composition root sees it, whatever database is behind it. */
import type { AlertQueue } from '../domain/alert-queue.ts'
import type { Outbox } from '../domain/outbox.ts'
import type { Result } from '../domain/result.ts'
import type { SessionStore } from '../domain/store.ts'
import type { DeadItems } from './dead-items.ts'
import type { Upkeep } from './upkeep.ts'

export interface Store<S> {
  readonly sessions: SessionStore<S>
  readonly outbox: Outbox
  /** Budget alerts for the webhook. */
  readonly alerts: AlertQueue
  readonly deadItems: Omit<DeadItems, 'close'>
  /** Whether a commit would succeed now (disk full, read-only, damaged …): tries an empty one. */
  check(): Promise<Result<undefined, string>>
  /** Bytes of the database with its log; undefined when they cannot be read. */
  databaseBytes(): number | undefined
  /** Bounds of the outbox, and retention. */
  readonly upkeep: Upkeep
  /** Ends the use of the database; the folder is free for another process. */
  close(): Promise<void>
}
