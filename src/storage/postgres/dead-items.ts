/** Items of the outbox that were put aside; changed some hundred at a time, for there may be a million. */
import type { DeadItem, DeadItems, DeadItemSelection, DeadReason } from '../../domain/outbox.ts'
import type { Database, Statements } from './connection.ts'
import { dropDead, putBack } from './outbox-rows.ts'
import type { Write } from './writer.ts'

const ITEMS_PER_SLICE = 200

export function createDeadItems(database: Database, write: Write): DeadItems {
  /** The next of a selection behind an id: in the order of their ids, so that none comes twice. */
  async function next(selection: DeadItemSelection, afterId: number): Promise<readonly number[]> {
    if (selection !== 'all') {
      const ids = [...new Set(selection)].filter((id) => id > afterId).sort((a, b) => a - b)
      return ids.slice(0, ITEMS_PER_SLICE)
    }
    const rows = await database.query<{ readonly id: number }>(
      `select distinct outbox_id as id from outbox_deliveries
       where state = 'dead' and outbox_id > $1 order by outbox_id limit ${ITEMS_PER_SLICE}`,
      [afterId],
    )
    return rows.map(({ id }) => id)
  }

  /** Resolves to how many of them were dead. */
  async function forEach(
    selection: DeadItemSelection,
    change: (statements: Statements, ids: readonly number[]) => Promise<number>,
  ): Promise<number> {
    let changed = 0
    let afterId = -1
    for (;;) {
      const ids = await next(selection, afterId)
      const last = ids.at(-1)
      if (last === undefined) return changed
      changed += await write(() => database.transaction((statements) => change(statements, ids)))
      afterId = last
    }
  }

  return {
    list: (limit) => listDeadItems(database, limit),
    count: async () => {
      const [row] = await database.query<{ readonly items: number }>(
        `select count(*) as items from outbox_deliveries where state = 'dead'`,
      )
      return row?.items ?? 0
    },
    retry: (selection, nowMs) =>
      forEach(selection, (statements, ids) => putBack(statements, ids, nowMs)),
    drop: (selection) => forEach(selection, dropDead),
  }
}

/** The oldest first. */
export function listDeadItems(statements: Statements, limit: number): Promise<readonly DeadItem[]> {
  return statements.query<DeadItem>(
    `select o.id, d.exporter, o.session_key as "sessionKey", o.kind, d.attempts,
       o.created_ms as "createdMs", o.bytes, coalesce(d.reason, '') as reason
     from outbox_deliveries d join outbox o on o.id = d.outbox_id
     where d.state = 'dead' order by d.outbox_id, d.exporter limit $1`,
    [limit],
  )
}

/** By exporter and reason, the most items first. */
export function listDeadReasons(
  statements: Statements,
  limit: number,
): Promise<readonly DeadReason[]> {
  return statements.query<DeadReason>(
    `select d.exporter, coalesce(d.reason, '') as reason, count(*)::int as count,
       min(o.created_ms) as "oldestMs"
     from outbox_deliveries d join outbox o on o.id = d.outbox_id
     where d.state = 'dead' group by d.exporter, coalesce(d.reason, '')
     order by count(*) desc, min(o.created_ms) limit $1`,
    [limit],
  )
}
