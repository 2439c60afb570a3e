/**
 * Deletes what is older than the retention: closed sessions with their records, what is dead, and
 * alerts of daily budgets; then gives free pages back to the file system. Works in slices of a few
 * milliseconds, each a transaction of its own. Open sessions are left alone, and all are while
 * something of that age waits in the outbox.
 * Origins stay: they are one small row for each version, machine and set of resource attributes,
 * and an index to find the unused ones would cost every record more than they do.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'
import { createSessionRowsDeletion } from './session-rows-deletion.ts'

export interface Retention {
  /** One slice of what was last written before `beforeMs`; true while there may be more. */
  prune(beforeMs: number): boolean
  /** Gives some free pages back; true while there are more. */
  shrink(): boolean
}

interface RetentionDeps {
  readonly connection: Connection
  /** Told after a slice deleted rows whose ids somebody may remember. */
  readonly onDeleted: () => void
}

const DEAD_PER_SLICE = 200
const ALERTS_PER_SLICE = 200
/** About a megabyte. */
const PAGES_PER_SLICE = 256
/** Free pages that stay, for the next records to use. */
const SPARE_PAGES = 512

export function createRetention({ connection, onDeleted }: RetentionDeps): Retention {
  const { handle, kysely } = connection

  const findSession = prepare(connection, ({ beforeMs }: { beforeMs: number }) =>
    kysely
      .selectFrom('sessions')
      .select('id')
      .where('deadline_ms', 'is', null)
      .where('updated_ms', '<', beforeMs)
      .orderBy('updated_ms')
      .limit(sql.lit(1)),
  )
  const rows = createSessionRowsDeletion(connection)
  const deleteDead = prepare(connection, ({ beforeMs }: { beforeMs: number }) =>
    kysely
      .deleteFrom('outbox')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('outbox')
          .select('id')
          .where('state', '=', sql.lit('dead'))
          .where('created_ms', '<', beforeMs)
          .orderBy('id')
          .limit(sql.lit(DEAD_PER_SLICE)),
      ),
  )
  const deleteAlerts = prepare(connection, ({ beforeMs }: { beforeMs: number }) =>
    kysely
      .deleteFrom('budget_alerts')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('budget_alerts')
          .select('id')
          .where('created_ms', '<', beforeMs)
          .where('session_ref', 'is', sql.lit(null))
          .limit(sql.lit(ALERTS_PER_SLICE)),
      ),
  )
  /** Items are made in the order of their ids, so the first one is the oldest. */
  const oldestPending = prepare(connection, () =>
    kysely
      .selectFrom('outbox')
      .select('created_ms')
      .where('state', '=', sql.lit('pending'))
      .orderBy('id')
      .limit(sql.lit(1)),
  )

  /** True when there was a session to delete from. */
  const pruneSession = handle.transaction((beforeMs: number): boolean => {
    // What a session of that age has to send was made before that, too.
    const pending = oldestPending.get({})
    if (pending !== undefined && pending.created_ms < beforeMs) return false
    const session = findSession.get({ beforeMs })
    if (session === undefined) return false
    if (!rows.deleteRecords(session.id)) rows.deleteSession(session.id)
    return true
  })

  return {
    prune: (beforeMs) => {
      const more =
        pruneSession.immediate(beforeMs) ||
        deleteDead.run({ beforeMs }).changes > 0 ||
        deleteAlerts.run({ beforeMs }).changes > 0
      if (more) onDeleted()
      return more
    },
    shrink: () => {
      const free = Number(handle.pragma('freelist_count', { simple: true }))
      if (free <= SPARE_PAGES) return false
      handle.pragma(`incremental_vacuum(${Math.min(PAGES_PER_SLICE, free - SPARE_PAGES)})`)
      return true
    },
  }
}
