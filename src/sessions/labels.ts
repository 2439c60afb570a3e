/**
 * The labels of a session: resource attributes, folder, repository. They come from outside and stand
 * on everything that is sent of the session, so their number and their bytes are bounded: what is
 * known stays, and what there is no room for is left out.
 */
import { textBytes } from './json-bytes.ts'

export type Labels = Readonly<Record<string, string>>

interface Size {
  readonly labels: number
  readonly bytes: number
}

const LABEL_ROOM: Size = { labels: 64, bytes: 16_000 }
/** For all that a session is found by: labels are among it, and attributes of resources. */
export const ATTRIBUTE_ROOM: Size = { labels: 132, bytes: 64_000 }
/** Room that is kept free for those below. */
const RESERVED: Size = { labels: 4, bytes: 4_000 }
/** Labels that the product itself reads. */
export const READ_LABELS: ReadonlySet<string> = new Set(['project', 'repository', 'folder', 'team'])

const OWN = { enumerable: true, configurable: true, writable: true } as const

/** Worked out once for each object: labels never change. */
const sizes = new WeakMap<Labels, Size>()

/** What is known with what is new; the same object as long as nothing is. */
export function mergedLabels(known: Labels, told: Labels, room: Size = LABEL_ROOM): Labels {
  let merged: Record<string, string> | undefined
  let size = sizeOf(known)
  for (const [key, value] of Object.entries(told)) {
    const before = Object.hasOwn(merged ?? known, key) ? (merged ?? known)[key] : undefined
    if (before === value) continue
    const next = {
      labels: size.labels + (before === undefined ? 1 : 0),
      bytes: size.bytes + bytesOf(key, value) - (before === undefined ? 0 : bytesOf(key, before)),
    }
    if (!isWithin(next, room, READ_LABELS.has(key))) continue
    merged ??= { ...known }
    // `__proto__` is a name like any other; to assign it would change the prototype.
    Object.defineProperty(merged, key, { value, ...OWN })
    size = next
  }
  if (merged === undefined) return known
  sizes.set(merged, size)
  return merged
}

function isWithin({ labels, bytes }: Size, room: Size, isRead: boolean): boolean {
  if (isRead) return labels <= room.labels && bytes <= room.bytes
  return labels <= room.labels - RESERVED.labels && bytes <= room.bytes - RESERVED.bytes
}

function sizeOf(labels: Labels): Size {
  const known = sizes.get(labels)
  if (known !== undefined) return known
  let size: Size = { labels: 0, bytes: 0 }
  for (const [key, value] of Object.entries(labels)) {
    size = { labels: size.labels + 1, bytes: size.bytes + bytesOf(key, value) }
  }
  sizes.set(labels, size)
  return size
}

function bytesOf(key: string, value: string): number {
  return textBytes(key) + textBytes(value) + 2
}
