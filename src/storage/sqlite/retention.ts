/**
 * Deletes what is older than the retention: closed sessions with their records, what is dead, and
 * alerts that belong to no session. Works in slices of a few milliseconds, each a transaction of its own.
 * Open sessions are left alone, and all are while something of that age waits for a destination.
 * Origins stay: they are one small row for each version, machine and set of resource attributes,
 * and an index to find the unused ones would cost every record more than they do.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import type { DueItems } from './due-items.ts'
import type { OldestSessions } from './oldest-sessions.ts'
import type { OutboxTable } from './outbox-table.ts'
import { prepare } from './prepared.ts'
import type { SessionDeletion } from './session-deletion.ts'

export interface Retention {
  /** Begins at the oldest, for slices up to the first that says that there is no more. */
  begin(nowMs: number): void
  /** One slice of what was last written before `beforeMs`; true while there may be more. */
  prune(beforeMs: number): boolean
}

interface RetentionDeps {
  readonly connection: Connection
  readonly outbox: OutboxTable
  readonly dueItems: DueItems
  readonly oldest: OldestSessions
  readonly deletion: Pick<SessionDeletion, 'sweep'>
  /** Exporters that deliver at present; what waits for others keeps nothing. */
  readonly active: ReadonlySet<string>
}

const DEAD_PER_SLICE = 200
const ALERTS_PER_SLICE = 200
const BYTES_PER_SLICE = 4 * 1024 * 1024

export function createRetention(deps: RetentionDeps): Retention {
  const { connection, outbox, dueItems, oldest, deletion, active } = deps
  const { kysely } = connection
  const dead = prepare(connection, ({ afterId }: { afterId: number }) =>
    kysely
      .selectFrom('outbox_exceptions')
      .innerJoin('outbox', 'outbox.id', 'outbox_exceptions.outbox_id')
      .select(['outbox.id', 'bytes', 'created_ms'])
      .where('state', '=', sql.lit('dead'))
      .where('outbox_id', '>', afterId)
      .orderBy('outbox_id')
      .limit(sql.lit(DEAD_PER_SLICE)),
  )
  const deleteAlerts = (['budget_alerts', 'alerts'] as const).map((table) =>
    connection.handle.prepare<[number]>(
      `delete from ${table} where rowid in (
         select rowid from ${table} where created_ms < ? and session_ref is null
         limit ${ALERTS_PER_SLICE})`,
    ),
  )

  /** True while there may be more. */
  function pruneAlerts(beforeMs: number): boolean {
    const counts = deleteAlerts.map((statement) => statement.run(beforeMs).changes)
    return counts.includes(ALERTS_PER_SLICE)
  }

  /** Dead items up to this one were looked at. */
  let deadAfterId = 0

  /** True while there may be more. */
  function pruneSessions(beforeMs: number): boolean {
    // What a session of that age has to send was made before that, too.
    const waits = outbox.queues().some((queue) => {
      const [pending] = active.has(queue.exporter) ? dueItems.oldest(queue, 1) : []
      return pending !== undefined && pending.created_ms < beforeMs
    })
    if (waits) return false
    // Unless it was put back by command: it is as new then.
    if (oldest.look()) return true
    return deletion.sweep(() => oldest.next(beforeMs))
  }

  function pruneDead(beforeMs: number): boolean {
    const items = dead.all({ afterId: deadAfterId })
    let bytes = 0
    const looked = items.filter((item) => {
      const fits = bytes <= BYTES_PER_SLICE
      if (fits && item.created_ms < beforeMs) bytes += item.bytes
      return fits
    })
    const old = looked.filter((item) => item.created_ms < beforeMs)
    if (old.length > 0) outbox.change(() => old.map(({ id }) => outbox.dropDead(id)))
    deadAfterId = looked.at(-1)?.id ?? deadAfterId
    return looked.length < items.length || items.length === DEAD_PER_SLICE
  }

  return {
    begin: (nowMs) => {
      oldest.begin(nowMs)
      deadAfterId = 0
    },
    prune: (beforeMs) => pruneSessions(beforeMs) || pruneDead(beforeMs) || pruneAlerts(beforeMs),
  }
}
