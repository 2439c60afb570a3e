/**
 * Items that no exporter needs any more because one that waited for them was taken out of the
 * configuration. Looked for once after a start, in slices.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import type { OutboxTable } from './outbox-table.ts'
import { prepare } from './prepared.ts'

export interface OutboxLeftovers {
  /** One slice; true while there may be more. */
  sweep(): boolean
}

const ITEMS_PER_SLICE = 500

export function createOutboxLeftovers(
  connection: Connection,
  table: Pick<OutboxTable, 'queues' | 'positionOf' | 'isNeeded' | 'discard' | 'change'>,
): OutboxLeftovers {
  const items = prepare(connection, (range: { afterId: number; throughId: number }) =>
    connection.kysely
      .selectFrom('outbox')
      .select(['id', 'kind', 'destination'])
      .where('id', '>', range.afterId)
      .where('id', '<=', range.throughId)
      .orderBy('id')
      .limit(sql.lit(ITEMS_PER_SLICE)),
  )
  // What comes behind all positions is needed.
  const throughId = table
    .queues()
    .reduce((most, queue) => Math.max(most, table.positionOf(queue)), 0)
  let afterId = 0

  return {
    sweep: () => {
      if (afterId >= throughId) return false
      const found = items.all({ afterId, throughId })
      const unneeded = found.filter(({ id, ...of }) => !table.isNeeded(id, of))
      if (unneeded.length > 0) table.change(() => unneeded.map(({ id }) => table.discard(id)))
      afterId = found.length < ITEMS_PER_SLICE ? throughId : (found.at(-1)?.id ?? throughId)
      return afterId < throughId
    },
  }
}
