/**
 * The session store over SQLite. A commit is one synchronous transaction from the duplicate
 * filter to the outbox: nothing can run between its parts, and either all of it is on the disk
 * when it returns, or nothing.
 */
import type { Clock } from '../domain/clock.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { Arrival, Fold, Outcome, SessionStore } from '../domain/store.ts'
import type { Connection } from './connection.ts'
import { createEventRows } from './event-rows.ts'
import type { StoreLog } from './log.ts'
import { createOriginRows } from './origin-rows.ts'
import { createOutboxRows } from './outbox-rows.ts'
import { createSessionRows } from './session-rows.ts'
import { createTypedRows } from './typed-rows.ts'

interface SqliteSessionsDeps {
  readonly connection: Connection
  readonly clock: Clock
  readonly stateVersion: number
  readonly log: StoreLog
}

export interface SqliteSessions<S> extends SessionStore<S> {
  /** Rows may have gone behind its back: ids that it remembers may be void. */
  forget(): void
}

export function createSqliteSessions<S>(deps: SqliteSessionsDeps): SqliteSessions<S> {
  const { connection, clock } = deps
  const { handle, kysely } = connection
  const origins = createOriginRows(connection)
  const sessions = createSessionRows<S>(deps)
  const events = createEventRows({ connection, origins, typed: createTypedRows(connection) })
  const outbox = createOutboxRows(connection)

  /** Stores what was not known already, and returns that. */
  function keepFresh(arrivals: readonly Arrival[], nowMs: number): Arrival[] {
    const fresh: Arrival[] = []
    for (const arrival of arrivals) {
      const { agent, sessionId } = arrival.item
      const ref = sessions.refOf({ key: arrival.sessionKey, agent, sessionId }, nowMs)
      if (events.insert(ref, arrival)) fresh.push(arrival)
    }
    return fresh
  }

  const transaction = handle.transaction(
    (arrivals: readonly Arrival[], load: readonly SessionKey[], fold: Fold<S>): Outcome<S> => {
      const nowMs = clock.now()
      const fresh = keepFresh(arrivals, nowMs)
      const outcome = fold(fresh, sessions.load(load))
      for (const row of outcome.sessions) sessions.write(row, nowMs)
      for (const emission of outcome.emissions) outbox.insert(emission, nowMs)
      return outcome
    },
  )

  function forget(): void {
    origins.forget()
    sessions.forget()
  }

  const open = kysely.selectFrom('sessions').where('deadline_ms', 'is not', null)

  return {
    forget,
    commit: async (arrivals, load, fold) => {
      try {
        // Immediate: a lock taken later than the first read could be refused half-way.
        const outcome = transaction.immediate(arrivals, load, fold)
        await connection.flush()
        return outcome
      } catch (error) {
        forget()
        throw error
      }
    },
    dueSessions: async (nowMs, limit) => {
      const rows = await open
        .select('session_key')
        .where('deadline_ms', '<=', nowMs)
        .orderBy('deadline_ms')
        .limit(limit)
        .execute()
      return rows.map((row) => row.session_key)
    },
    nextDeadline: async () => {
      const row = await open
        .select((eb) => eb.fn.min('deadline_ms').as('deadline_ms'))
        .executeTakeFirst()
      return row?.deadline_ms ?? undefined
    },
    openSessions: async (limit) => {
      const rows = await open.select('session_key').orderBy('last_ms').limit(limit).execute()
      return rows.map((row) => row.session_key)
    },
    countOpenSessions: async () => {
      const row = await open
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      return row.count
    },
  }
}
