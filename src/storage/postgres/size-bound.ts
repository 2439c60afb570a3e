/**
 * The bound on the size of the whole store. What counts is what sessions, the outbox and the quarantine
 * hold, and not the files: those shrink only when PostgreSQL has cleaned up. Beyond the bound the closed
 * sessions written longest ago are deleted until a tenth of it is free again, so that this does not begin
 * anew with every record. Open sessions stay, and so do those of which something waits to be delivered.
 */
import type { StoreSize } from '../store.ts'
import type { StoreLog } from '../store-log.ts'
import type { Database, Statements } from './connection.ts'
import { type SessionDeletion, waits } from './session-deletion.ts'
import { addToTotal, totalOf } from './totals.ts'

export interface SizeBound {
  /** One slice; whether there may be more to do now. */
  enforce(): Promise<boolean>
  size(): Promise<StoreSize>
}

interface SizeBoundDeps {
  readonly database: Database
  /** 0 is no limit. */
  readonly maxBytes: number
  readonly exporters: readonly string[]
  readonly deletion: SessionDeletion
  readonly log: StoreLog
}

/** Of the bound: once it is exceeded, sessions are deleted down to this. */
const LOW_WATER = 0.9
/** Looked at together; a part of them goes. */
const SESSIONS_PER_SLICE = 20

export async function usedBytes(statements: Statements): Promise<number> {
  const [row] = await statements.query<{ readonly bytes: number }>(
    `select (select coalesce(sum(stored_bytes), 0) from sessions)
       + (select coalesce(sum(octet_length(payload)), 0) from outbox)
       + (select coalesce(sum(bytes), 0) from quarantine) as bytes`,
  )
  return row?.bytes ?? 0
}

export function createSizeBound(deps: SizeBoundDeps): SizeBound {
  const { database, maxBytes, exporters, deletion, log } = deps
  let isDeleting = false
  let isFull = false
  let waitingSessions = 0
  let dropped = 0

  async function deleteSome(used: number): Promise<boolean> {
    // As many of the oldest as make up for what is too much, by what they hold.
    const [row] = await database.query<{ readonly sessions: number }>(
      `select count(*) as sessions from (
         select coalesce(sum(stored_bytes) over (order by updated_ms, id
           rows between unbounded preceding and 1 preceding), 0) as before
         from (select id, updated_ms, stored_bytes from sessions s
               where deadline_ms is null and not ${waits('$1')}
               order by updated_ms, id limit ${SESSIONS_PER_SLICE}) oldest) each
       where before < $2`,
      [exporters, used - LOW_WATER * maxBytes],
    )
    const limit = row?.sessions ?? 0
    if (limit === 0) return false
    const writtenBeforeMs = Number.MAX_SAFE_INTEGER
    const taken = await deletion.takeOldest({ writtenBeforeMs, limit, exporters })
    await addToTotal(database, 'sessions_dropped', taken)
    dropped += taken
    return taken > 0
  }

  async function end(used: number): Promise<void> {
    isDeleting = false
    const figures = { usedBytes: used, maxBytes }
    if (dropped > 0) {
      const message = 'deleted the oldest sessions to stay below MAX_STORE_SIZE'
      log.warn({ ...figures, sessions: dropped }, message)
    }
    dropped = 0
    const wasFull = isFull
    isFull = used > maxBytes
    waitingSessions = isFull ? await countWaiting() : 0
    if (!isFull || wasFull) return
    const message =
      'the store exceeds MAX_STORE_SIZE, but no session can be deleted: ' +
      'all of them are open or have undelivered items'
    log.error({ ...figures, waitingSessions }, message)
  }

  async function countWaiting(): Promise<number> {
    const [row] = await database.query<{ readonly sessions: number }>(
      `select count(*) as sessions from sessions s
       where deadline_ms is null and ${waits('$1')}`,
      [exporters],
    )
    return row?.sessions ?? 0
  }

  return {
    enforce: async () => {
      if (maxBytes === 0) return false
      const used = await usedBytes(database)
      if (!isDeleting && used <= maxBytes) {
        isFull = false
        return false
      }
      isDeleting = true
      if (used > LOW_WATER * maxBytes && (await deleteSome(used))) return true
      await end(used)
      return false
    },
    size: async () => {
      const read = await Promise.all([
        usedBytes(database),
        totalOf(database, 'sessions_dropped'),
      ]).catch(() => undefined)
      return {
        usedBytes: read?.[0],
        maxBytes,
        state: isDeleting && (dropped > 0 || !isFull) ? 'deleting' : isFull ? 'full' : 'within',
        waitingSessions,
        droppedSessions: read?.[1] ?? 0,
      }
    },
  }
}
