/** A turn's items in place below their parents, as the page and the command line show them. Pure. */
import type { WaterfallItem } from './turn.ts'

/** What an item's place depends on. */
type Placeable = Pick<WaterfallItem, 'id' | 'parentId' | 'startMs'>

export interface PlacedItem<T extends Placeable = WaterfallItem> {
  readonly item: T
  /** 0 on the top level. */
  readonly depth: number
}

/** Children below their parents, each level by its start; what names no known parent is on top. */
export function placedItems<T extends Placeable>(items: readonly T[]): readonly PlacedItem<T>[] {
  const ids = new Set(items.map(({ id }) => id))
  const byParent = Map.groupBy(items, ({ id, parentId }) =>
    parentId !== null && parentId !== id && ids.has(parentId) ? parentId : null,
  )
  const placed: PlacedItem<T>[] = []
  const add = (parentId: string | null, depth: number): void => {
    const children = byParent.get(parentId) ?? []
    for (const item of children.toSorted((a, b) => a.startMs - b.startMs)) {
      placed.push({ item, depth })
      add(item.id, depth + 1)
    }
  }
  add(null, 0)
  return placed
}
