/**
 * Deletes what is older than the retention: closed sessions with their records, and origins that
 * no record refers to any more; then gives free pages back to the file system. Works in slices of
 * a few milliseconds, each a transaction of its own. Open sessions, and those with something
 * still on its way out, are left alone.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'

export interface Retention {
  /** One slice of what was last written before `beforeMs`; true while there may be more. */
  prune(beforeMs: number): boolean
  /** Gives some free pages back; true while there are more. */
  shrink(): boolean
  /** Begins a new pass over the origins. */
  rewind(): void
}

interface RetentionDeps {
  readonly connection: Connection
  /** Told after a slice deleted rows whose ids somebody may remember. */
  readonly onDeleted: () => void
}

const EVENTS_PER_SLICE = 200
const ORIGINS_PER_SLICE = 200
const DEAD_PER_SLICE = 200
/** About a megabyte. */
const PAGES_PER_SLICE = 128
/** Free pages that stay, for the next records to use. */
const SPARE_PAGES = 256

export function createRetention({ connection, onDeleted }: RetentionDeps): Retention {
  const { handle, kysely } = connection
  let lastOrigin = 0

  const findSession = prepare(connection, ({ beforeMs }: { beforeMs: number }) =>
    kysely
      .selectFrom('sessions')
      .select('id')
      .where('deadline_ms', 'is', null)
      .where('updated_ms', '<', beforeMs)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('outbox')
              .select(sql.lit(1).as('one'))
              .whereRef('outbox.session_key', '=', 'sessions.session_key')
              .where('state', '=', sql.lit('pending')),
          ),
        ),
      )
      .orderBy('updated_ms')
      .limit(sql.lit(1)),
  )
  const deleteEvents = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .deleteFrom('events')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('events')
          .select('id')
          .where('session_ref', '=', id)
          .limit(sql.lit(EVENTS_PER_SLICE)),
      ),
  )
  const deleteSession = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('sessions').where('id', '=', id),
  )
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
  const nextOrigins = prepare(connection, ({ after }: { after: number }) =>
    kysely
      .selectFrom('origins')
      .select('id')
      .where('id', '>', after)
      .orderBy('id')
      .limit(sql.lit(ORIGINS_PER_SLICE)),
  )
  const deleteOrigin = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .deleteFrom('origins')
      .where('id', '=', id)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('events')
              .select(sql.lit(1).as('one'))
              .whereRef('events.origin_ref', '=', 'origins.id'),
          ),
        ),
      ),
  )

  /** True when there was a session to delete from. */
  const pruneSession = handle.transaction((beforeMs: number): boolean => {
    const session = findSession.get({ beforeMs })
    if (session === undefined) return false
    if (deleteEvents.run({ id: session.id }).changes < EVENTS_PER_SLICE) {
      deleteSession.run({ id: session.id })
    }
    return true
  })

  /** True when there were origins left to look at. */
  const pruneOrigins = handle.transaction((): boolean => {
    const origins = nextOrigins.all({ after: lastOrigin })
    for (const { id } of origins) deleteOrigin.run({ id })
    lastOrigin = origins.at(-1)?.id ?? lastOrigin
    return origins.length > 0
  })

  return {
    rewind: () => {
      lastOrigin = 0
    },
    prune: (beforeMs) => {
      const more =
        pruneSession.immediate(beforeMs) ||
        deleteDead.run({ beforeMs }).changes > 0 ||
        pruneOrigins.immediate()
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
