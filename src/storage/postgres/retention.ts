/**
 * Deletes what is older than the retention: closed sessions with their records, what is dead, and
 * alerts that belong to no session. Open sessions are left alone, and all are while something of that age waits
 * for a destination that delivers at present.
 */
import type { Database } from './connection.ts'
import { dropDead } from './outbox-rows.ts'
import type { SessionDeletion } from './session-deletion.ts'

const SESSIONS_PER_SLICE = 50
const DEAD_PER_SLICE = 200
const ALERTS_PER_SLICE = 200

/** One slice of what was last written before `beforeMs`; whether there may be more. */
export async function prune(
  database: Database,
  deletion: SessionDeletion,
  exporters: readonly string[],
  beforeMs: number,
): Promise<boolean> {
  return (
    (await pruneSessions(database, deletion, exporters, beforeMs)) ||
    (await pruneDead(database, beforeMs)) ||
    (await pruneAlerts(database, beforeMs))
  )
}

async function pruneSessions(
  database: Database,
  deletion: SessionDeletion,
  exporters: readonly string[],
  beforeMs: number,
): Promise<boolean> {
  // What a session of that age has to send was made before that, too.
  const [oldest] = await database.query<{ readonly created_ms: number }>(
    `select o.created_ms from outbox_deliveries d join outbox o on o.id = d.outbox_id
     where d.state = 'pending' and d.exporter = any($1) order by d.outbox_id limit 1`,
    [exporters],
  )
  if (oldest !== undefined && oldest.created_ms < beforeMs) return false
  const limit = SESSIONS_PER_SLICE
  return (await deletion.takeOldest({ writtenBeforeMs: beforeMs, limit, exporters })) > 0
}

function pruneDead(database: Database, beforeMs: number): Promise<boolean> {
  return database.transaction(async (statements) => {
    const rows = await statements.query<{ readonly id: number }>(
      `select distinct o.id from outbox_deliveries d join outbox o on o.id = d.outbox_id
       where d.state = 'dead' and o.created_ms < $1 order by o.id limit ${DEAD_PER_SLICE}`,
      [beforeMs],
    )
    const ids = rows.map(({ id }) => id)
    if (ids.length > 0) await dropDead(statements, ids)
    return ids.length === DEAD_PER_SLICE
  })
}

async function pruneAlerts(database: Database, beforeMs: number): Promise<boolean> {
  let isMore = false
  for (const table of ['budget_alerts', 'alerts']) {
    const deleted = await database.run(
      `delete from ${table} where ctid = any(array(
         select ctid from ${table} where created_ms < $1 and session_ref is null
         limit ${ALERTS_PER_SLICE} for update skip locked))`,
      [beforeMs],
    )
    isMore ||= deleted === ALERTS_PER_SLICE
  }
  return isMore
}
