/** Lists of sessions, whose counts are remembered until something is committed. */
import type { ReadConnection } from '../connection.ts'
import { createSessionLists } from '../../shared/session-lists.ts'
import type { SessionLists } from '../../store-reader.ts'
import { createUnchanged } from '../unchanged.ts'

/** The same list in another order, or its next page, has as many. */
const MAX_COUNTS = 8

export function createRememberingLists({ handle, shared }: ReadConnection): SessionLists {
  const lists = createSessionLists(shared)
  const counts = createUnchanged<Promise<number>>({ handle }, MAX_COUNTS)
  return {
    ...lists,
    count: ({ filter, fromMs, toMs, state }) => {
      const counted = { filter, fromMs, toMs, state }
      const key = JSON.stringify(counted)
      return counts.get(key, () => {
        const count = lists.count(counted)
        count.catch(() => counts.forget(key))
        return count
      })
    },
  }
}
