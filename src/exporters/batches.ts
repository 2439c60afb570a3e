/** Outbox items as what goes over the wire, in requests of bounded size. */
import type { OutboxItem } from '../domain/outbox.ts'
import type { EncodedItem, Lane } from './exporter.ts'

export interface Encoded extends EncodedItem {
  readonly id: number
}

/** An item that cannot be encoded fails alone. */
export function encodeItems(
  items: readonly OutboxItem[],
  lane: Pick<Lane, 'encode'>,
): {
  readonly encoded: readonly Encoded[]
  readonly failures: readonly { readonly id: number; readonly reason: string }[]
} {
  const encoded: Encoded[] = []
  const failures: { id: number; reason: string }[] = []
  for (const { id, emission } of items) {
    try {
      encoded.push({ id, ...lane.encode(emission) })
    } catch (error) {
      failures.push({ id, reason: `cannot be encoded: ${String(error).slice(0, 300)}` })
    }
  }
  return { encoded, failures }
}

/** Batches in order, each within the lane's bounds; an item beyond them is a batch of its own. */
export function batchesOf<T extends Pick<EncodedItem, 'bytes'>>(
  items: readonly T[],
  { maxItems, maxBytes }: Pick<Lane, 'maxItems' | 'maxBytes'>,
): T[][] {
  const batches: T[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const item of items) {
    const batch = batches.at(-1)
    bytes += item.bytes
    if (batch === undefined || bytes > maxBytes || batch.length >= maxItems) {
      batches.push([item])
      bytes = item.bytes
    } else {
      batch.push(item)
    }
  }
  return batches
}
