/**
 * The sums of a range of time, day by day or hour by hour: each slice is read by itself, with
 * others running in between, and a whole one that is past is remembered until something is added
 * to it. So a year costs a second the first time and next to nothing after that.
 */
import type { SessionFilter, UsageReader } from '../storage/store-reader.ts'
import type { Span } from '../storage/usage-slice.ts'
import { letOthersRun, type Pause } from './pause.ts'
import { createCohorts, type SliceSums, sliceSums } from './usage-sums.ts'

/** About 10 kB each for a team of a few dozen. */
const MAX_REMEMBERED = 1500
/** Retention deletes some, and does not say which. */
const REMEMBERED_FOR_MS = 3_600_000
/**
 * The same where a replica of the database is read: what is read after a change was told may still be of
 * the time before it.
 */
export const REMEMBERED_OF_REPLICA_MS = 60_000
/** Slices read before others run. */
const READS_PER_PAUSE = 4

export type Slice = Span & { readonly sums: SliceSums }

export interface UsageSlices {
  /** The slices of a range that have something, in order. `spanAt` says which slice a time lies in. */
  read(
    filter: SessionFilter,
    range: Span,
    spanAt: (ms: number) => Span,
    pause?: Pause,
  ): Promise<readonly Slice[]>
  /** Something was added to these quarters of an hour. */
  changed(rows: readonly { readonly bucketMs: number }[]): void
  /** Something in this span counts for somebody or something else now. */
  regrouped(span: Span): void
  /** Something was deleted. */
  clear(): void
}

interface UsageSlicesDeps {
  readonly usage: UsageReader
  readonly now: () => number
  readonly rememberedForMs?: number
}

interface Remembered {
  readonly slice: Slice
  readonly readAtMs: number
}

export function createUsageSlices(deps: UsageSlicesDeps): UsageSlices {
  const { usage, now, rememberedForMs = REMEMBERED_FOR_MS } = deps
  const remembered = new Map<string, Remembered>()
  const cohortOf = createCohorts()
  /** Behind all that is remembered: what happens now is not looked for. */
  let endMs = Number.NEGATIVE_INFINITY
  /** Changes that were told: what was read before one of them may be old by now. */
  let changes = 0

  function recall(key: string): Slice | undefined {
    const found = remembered.get(key)
    if (found === undefined) return undefined
    if (now() - found.readAtMs < rememberedForMs) return found.slice
    remembered.delete(key)
    return undefined
  }

  function remember(key: string, slice: Slice): void {
    if (slice.toMs > now()) return
    if (remembered.size >= MAX_REMEMBERED) {
      const oldest = remembered.keys().next()
      if (!oldest.done) remembered.delete(oldest.value)
    }
    remembered.set(key, { slice, readAtMs: now() })
    endMs = Math.max(endMs, slice.toMs)
  }

  return {
    read: async (filter, range, spanAt, pause = letOthersRun) => {
      const name = JSON.stringify(filter)
      const readSlice = usage.reader(filter)
      const slices: Slice[] = []
      let reads = 0
      let atMs = await usage.nextBucket(range.fromMs)
      while (atMs !== undefined && atMs < range.toMs) {
        const span = spanAt(atMs)
        const key = `${span.fromMs}|${span.toMs}|${name}`
        const isWhole = span.fromMs >= range.fromMs && span.toMs <= range.toMs
        let slice = isWhole ? recall(key) : undefined
        if (slice === undefined) {
          const fromMs = Math.max(span.fromMs, range.fromMs)
          const toMs = Math.min(span.toMs, range.toMs)
          const before = changes
          const used = await readSlice({ fromMs, toMs })
          slice = { fromMs, toMs, sums: sliceSums(used, { fromMs, toMs }, cohortOf) }
          if (isWhole && changes === before) remember(key, slice)
          reads += 1
          if (reads % READS_PER_PAUSE === 0) await pause()
        }
        slices.push(slice)
        atMs = await usage.nextBucket(span.toMs)
      }
      return slices
    },
    changed: (rows) => {
      if (rows.length > 0) changes += 1
      for (const { bucketMs } of rows) {
        if (bucketMs >= endMs) continue
        for (const [key, { slice }] of remembered) {
          if (slice.fromMs <= bucketMs && bucketMs < slice.toMs) remembered.delete(key)
        }
      }
    },
    regrouped: ({ fromMs, toMs }) => {
      changes += 1
      for (const [key, { slice }] of remembered) {
        if (slice.fromMs < toMs && fromMs < slice.toMs) remembered.delete(key)
      }
    },
    clear: () => {
      changes += 1
      remembered.clear()
    },
  }
}
