/**
 * A range of time read in slices, a day or an hour each, with others running in between. A whole slice
 * that is past is remembered until something is added to it. So a year costs a second the first time
 * and next to nothing after that.
 */
import type { UsageReader } from '../storage/store-reader.ts'
import type { Span } from '../storage/usage-slice.ts'
import { letOthersRun, type Pause } from './pause.ts'

/** Retention deletes some, and does not say which. */
export const REMEMBERED_FOR_MS = 3_600_000
/** Slices read before others run. */
const READS_PER_PAUSE = 4

/** What was read of a slice. */
export type SliceOf<T> = Span & { readonly sums: T }

export interface RememberedSlices<T> {
  /**
   * The slices of a range that have something, in order. `name` stands for what is read of them, and
   * `spanAt` says which slice a time lies in.
   */
  read(
    name: string,
    range: Span,
    spanAt: (ms: number) => Span,
    readSlice: (span: Span) => Promise<T>,
    pause?: Pause,
  ): Promise<readonly SliceOf<T>[]>
  /** Something was added to these quarters of an hour. */
  changed(rows: readonly { readonly bucketMs: number }[]): void
  /** Something in this span counts for somebody or something else now. */
  regrouped(span: Span): void
  /** Something was deleted. */
  clear(): void
}

export interface RememberedSlicesDeps<T> {
  readonly usage: Pick<UsageReader, 'nextBucket'>
  readonly now: () => number
  readonly rememberedForMs?: number | undefined
  /** What one takes of the memory that all have. */
  readonly weightOf: (sums: T) => number
  readonly maxWeight: number
}

interface Remembered<T> {
  readonly slice: SliceOf<T>
  readonly readAtMs: number
}

export function createRememberedSlices<T>(deps: RememberedSlicesDeps<T>): RememberedSlices<T> {
  const { usage, now, rememberedForMs = REMEMBERED_FOR_MS, weightOf, maxWeight } = deps
  const remembered = new Map<string, Remembered<T>>()
  let weight = 0
  /** Behind all that is remembered: what happens now is not looked for. */
  let endMs = Number.NEGATIVE_INFINITY
  /** Changes that were told: what was read before one of them may be old by now. */
  let changes = 0

  function forget(key: string): void {
    const found = remembered.get(key)
    if (found !== undefined) weight -= weightOf(found.slice.sums)
    remembered.delete(key)
  }

  function recall(key: string): SliceOf<T> | undefined {
    const found = remembered.get(key)
    if (found === undefined) return undefined
    // What was not asked for the longest time goes first: those of a chart by the hour do not push out a year.
    remembered.delete(key)
    if (now() - found.readAtMs < rememberedForMs) {
      remembered.set(key, found)
      return found.slice
    }
    weight -= weightOf(found.slice.sums)
    return undefined
  }

  function remember(key: string, slice: SliceOf<T>): void {
    if (slice.toMs > now()) return
    forget(key)
    weight += weightOf(slice.sums)
    remembered.set(key, { slice, readAtMs: now() })
    for (const oldest of remembered.keys()) {
      if (weight <= maxWeight) break
      forget(oldest)
    }
    endMs = Math.max(endMs, slice.toMs)
  }

  /** Where the next slice with something begins; of a slice that is remembered it is known that it has. */
  async function nextAfter({ toMs }: Span, next: Span, name: string): Promise<number | undefined> {
    const isKnown = next.fromMs === toMs && remembered.has(keyOf(next, name))
    return isKnown ? toMs : usage.nextBucket(toMs)
  }

  return {
    read: async (name, range, spanAt, readSlice, pause = letOthersRun) => {
      const slices: SliceOf<T>[] = []
      let reads = 0
      let atMs = await usage.nextBucket(range.fromMs)
      while (atMs !== undefined && atMs < range.toMs) {
        const span = spanAt(atMs)
        const key = keyOf(span, name)
        const isWhole = span.fromMs >= range.fromMs && span.toMs <= range.toMs
        let slice = isWhole ? recall(key) : undefined
        if (slice === undefined) {
          const fromMs = Math.max(span.fromMs, range.fromMs)
          const toMs = Math.min(span.toMs, range.toMs)
          const before = changes
          slice = { fromMs, toMs, sums: await readSlice({ fromMs, toMs }) }
          if (isWhole && changes === before) remember(key, slice)
          reads += 1
          if (reads % READS_PER_PAUSE === 0) await pause()
        }
        slices.push(slice)
        atMs = await nextAfter(span, spanAt(span.toMs), name)
      }
      return slices
    },
    changed: (rows) => {
      if (rows.length > 0) changes += 1
      for (const { bucketMs } of rows) {
        if (bucketMs >= endMs) continue
        for (const [key, { slice }] of remembered) {
          if (slice.fromMs <= bucketMs && bucketMs < slice.toMs) forget(key)
        }
      }
    },
    regrouped: ({ fromMs, toMs }) => {
      changes += 1
      for (const [key, { slice }] of remembered) {
        if (slice.fromMs < toMs && fromMs < slice.toMs) forget(key)
      }
    },
    clear: () => {
      changes += 1
      remembered.clear()
      weight = 0
    },
  }
}

function keyOf({ fromMs, toMs }: Span, name: string): string {
  return `${fromMs}|${toMs}|${name}`
}
