/** Which queues of items there are: what both engines know of them alike. */
import type { ItemKind, OutboxReader } from '../domain/outbox.ts'

/** The items of one kind as one exporter sees them. */
export interface Queue {
  readonly exporter: string
  readonly kind: ItemKind
}

/** What has to change so that these are the readers: queues that come, and those that are missing. */
export function changedQueues<T extends Queue>(
  before: readonly T[],
  readers: readonly OutboxReader[],
): { readonly added: readonly Queue[]; readonly missing: readonly T[] } {
  const wanted = readers.flatMap(({ exporter, kinds }) => kinds.map((kind) => ({ exporter, kind })))
  return {
    added: wanted.filter((queue) => !before.some((known) => isSame(known, queue))),
    missing: before.filter((queue) => !wanted.some((known) => isSame(known, queue))),
  }
}

function isSame(a: Queue, b: Queue): boolean {
  return a.exporter === b.exporter && a.kind === b.kind
}
