/** Which queues an item is in. */
import type { ItemKind } from '../../domain/outbox.ts'
import { isNamedDestination } from '../../domain/routing.ts'
import type { Queue } from '../outbox-queues.ts'

/** What is known of an item that says who reads it. */
export interface Addressed {
  readonly kind: ItemKind
  /** An exporter; empty for all that are no named destinations. */
  readonly destination: string
}

/** Whether an item is one of a queue's. */
export function isReadBy({ exporter, kind }: Queue, item: Addressed): boolean {
  if (kind !== item.kind) return false
  return item.destination === '' ? !isNamedDestination(exporter) : item.destination === exporter
}

/** What an exporter reads: its own, and what is for all, which is the same again where that is not its. */
export interface Addresses {
  readonly own: string
  readonly shared: string
}

export function addressesOf(exporter: string): Addresses {
  return { own: exporter, shared: isNamedDestination(exporter) ? exporter : '' }
}
