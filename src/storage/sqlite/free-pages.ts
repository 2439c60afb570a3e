/** Gives pages that nothing uses back to the file system, and says how much is in use. */
import type { Connection } from './connection.ts'

export interface FreePages {
  /** Gives some back; true while there are more. */
  readonly shrink: () => boolean
  /** Of the pages in use, without those that are free. */
  readonly usedBytes: () => number
}

/** About a megabyte. */
const PAGES_PER_SLICE = 256
/** Free pages that stay, for the next records to use. */
const SPARE_PAGES = 512

export function createFreePages({ handle }: Pick<Connection, 'handle'>): FreePages {
  const free = handle.prepare<[], number>('pragma freelist_count').pluck()
  const all = handle.prepare<[], number>('pragma page_count').pluck()
  const pageBytes = Number(handle.pragma('page_size', { simple: true }))
  const freePages = () => free.get() ?? 0

  return {
    shrink: () => {
      const spare = freePages() - SPARE_PAGES
      if (spare <= 0) return false
      handle.pragma(`incremental_vacuum(${Math.min(PAGES_PER_SLICE, spare)})`)
      return true
    },
    usedBytes: () => ((all.get() ?? 0) - freePages()) * pageBytes,
  }
}
