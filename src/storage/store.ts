/** The durable store as the composition root sees it, whatever database is behind it. */
import type { AlertQueue } from '../domain/budget.ts'
import type { ItemKind, Outbox } from '../domain/outbox.ts'
import type { QuarantineStore } from '../domain/quarantine.ts'
import type { Result } from '../domain/result.ts'
import type { SessionStore } from '../domain/session-store.ts'
import type { DestinationPause } from '../domain/destination-pause.ts'
import type { DeadItems } from './sqlite/dead-items.ts'
import type { OutboxCounts } from './sqlite/outbox-table.ts'
import type { StoreSize } from './sqlite/size-bound.ts'
import type { StorageState } from './sqlite/storage-watch.ts'
import type { Upkeep } from './sqlite/upkeep.ts'

export interface Store<S> {
  readonly sessions: SessionStore<S>
  /** What waits for an exporter, of one kind. */
  readonly outbox: (exporter: string, kind: ItemKind) => Outbox
  /** How much waits, without counting. */
  outboxCounts(): OutboxCounts
  /** Budget alerts for the webhook. */
  readonly alerts: AlertQueue
  readonly deadItems: Omit<DeadItems, 'close'>
  /** Records that could not be placed. */
  readonly quarantine: QuarantineStore
  /** Until when a destination, named by its address, asked to be left alone. */
  readonly pause: (destination: string) => DestinationPause
  /** Which data folder this is: random, told to whoever asks the bridge. */
  readonly instance: string
  /** Tries whether a commit would succeed now (disk full, read-only, damaged …). */
  check(): Promise<Result<undefined, string>>
  /** Whether records can be stored, as the last attempt showed. Tries nothing. */
  storage(): StorageState
  /** Looks from now on now and then, while no commit shows it. */
  watchStorage(): void
  /** Bytes of the database with its log; undefined when they cannot be read. */
  databaseBytes(): number | undefined
  /** What is in use of that, against its bound. */
  size(): StoreSize
  /** Calls back after sessions were deleted: at once on request, else when upkeep has done its part. */
  onDeleted(listener: () => void): void
  /** Bounds of the outbox, and retention. */
  readonly upkeep: Upkeep
  /** Ends the use of the database; the folder is free for another process. */
  close(): Promise<void>
}
