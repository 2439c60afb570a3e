/**
 * Deletes sessions without keeping anybody waiting, however many records they have.
 *
 * A session is taken out first, in one short transaction: its row goes, and with it the session from
 * every list, sum and commit, while its records stay behind, noted in `deletions`. They are deleted in
 * slices, with commits in between. A record that comes meanwhile begins the session anew, under another
 * id; where the process that goes on with it ends, another one does.
 */
import type { SessionKey } from '../../domain/identity.ts'
import { forgetDays } from './budgets.ts'
import type { Database, Statements } from './connection.ts'
import { isFree } from './replica.ts'
import type { DeletionsTable } from './schema.ts'
import { keyText } from './stored-values.ts'

export interface DeletedSlice {
  /** Records among the rows. */
  readonly records: number
  /** Nothing is left of the session. */
  readonly isDone: boolean
}

export interface SessionDeletion {
  /** Takes a session out, with what waits of it. Its id, for `slice`; undefined when there is none. */
  take(key: SessionKey): Promise<number | undefined>
  /** Deletes some rows of a session that was taken out. */
  slice(id: number): Promise<DeletedSlice>
  /** Whoever took it out does not go on with it; `sweep` does. */
  letGo(id: number): Promise<void>
  /** A slice of what nobody goes on with; whether there may be more. */
  sweep(): Promise<boolean>
  /** Takes out closed sessions that were last written before that, the oldest first. */
  takeOldest(oldest: OldestSessions): Promise<number>
}

export interface OldestSessions {
  readonly writtenBeforeMs: number
  readonly limit: number
  /** What waits for one of these keeps its session. */
  readonly exporters: readonly string[]
}

interface TakenSession {
  readonly id: number
  readonly session_key: string
  readonly updated_ms: number
}

/** Tables whose rows belong to a session, by `session_ref`; a test compares them with the schema. */
export const SESSION_TABLES = [
  'session_states',
  'record_batches',
  'session_controls',
  'seen',
  'session_attributes',
  'prompts',
  'model_usage',
  'tool_usage',
  'activity',
  'work_segments',
  'budget_alerts',
  'alerts',
  'plan_windows',
  'search_texts',
  'search_backlog',
  'transcript_sessions',
  'transcript_claims',
  'transcript_joins',
] as const

const ROWS_PER_SLICE = 2000
/** Of those, since each may be megabytes. */
const BATCHES_PER_SLICE = 50
const ITEMS_PER_SLICE = 500

export function createSessionDeletion(
  database: Database,
  self: number,
  onTaken: () => void,
): SessionDeletion {
  async function takeOut(
    statements: Statements,
    { id, session_key, updated_ms }: TakenSession,
    isOurs: boolean,
  ): Promise<void> {
    await statements.run(
      `insert into deletions (session_ref, session_key, outbox_through, owner)
       select $1, $2, coalesce(max(id), 0), $3 from outbox where session_key = $2`,
      [id, session_key, isOurs ? self : null],
    )
    await statements.run('delete from sessions where id = $1', [id])
    await forgetDays(statements, updated_ms)
  }

  async function deleteSome(
    statements: Statements,
    { session_ref: id, session_key, outbox_through }: DeletionsTable,
  ): Promise<DeletedSlice> {
    // What waits to be sent first: the sooner it is gone, the less of it is sent.
    const items = await statements.run(
      `delete from outbox where id in (
         select id from outbox where session_key = $1 and id <= $2 order by id
         limit ${ITEMS_PER_SLICE} for update)`,
      [session_key, outbox_through],
    )
    if (items === ITEMS_PER_SLICE) return { records: 0, isDone: false }
    let records = 0
    for (const table of SESSION_TABLES) {
      const isBatches = table === 'record_batches'
      const limit = isBatches ? BATCHES_PER_SLICE : ROWS_PER_SLICE
      const deleted = await statements.query<{ readonly records: number }>(
        `delete from ${table} where ctid = any(array(
           select ctid from ${table} where session_ref = $1 limit ${limit}))
         returning ${isBatches ? 'records' : '0 as records'}`,
        [id],
      )
      records += deleted.reduce((sum, row) => sum + row.records, 0)
      if (deleted.length === limit) return { records, isDone: false }
    }
    await statements.run('delete from deletions where session_ref = $1', [id])
    return { records, isDone: true }
  }

  return {
    take: async (key) => {
      const id = await database.transaction(async (statements) => {
        const [session] = await statements.query<TakenSession>(
          `select id, session_key, updated_ms from sessions where session_key = $1 for update`,
          [keyText(key)],
        )
        if (session !== undefined) await takeOut(statements, session, true)
        return session?.id
      })
      if (id !== undefined) onTaken()
      return id
    },
    slice: (id) =>
      database.transaction(async (statements) => {
        const [noted] = await statements.query<DeletionsTable>(
          'select * from deletions where session_ref = $1 for update',
          [id],
        )
        return noted === undefined ? { records: 0, isDone: true } : deleteSome(statements, noted)
      }),
    letGo: async (id) => {
      await database.run('update deletions set owner = null where session_ref = $1', [id])
    },
    sweep: () =>
      database.transaction(async (statements) => {
        // Not what this process goes on with itself: `owner` says so as long as it does.
        const [noted] = await statements.query<DeletionsTable>(
          `select * from deletions
           where owner is null or (owner <> $1 and ${isFree('owner', '$1')})
           order by session_ref limit 1 for update skip locked`,
          [self],
        )
        if (noted === undefined) return false
        await deleteSome(statements, noted)
        return true
      }),
    takeOldest: async ({ writtenBeforeMs, limit, exporters }) => {
      const taken = await database.transaction(async (statements) => {
        const sessions = await statements.query<TakenSession>(
          `select id, session_key, updated_ms from sessions s
           where deadline_ms is null and updated_ms < $1 and not ${waits('$2')}
           order by updated_ms, id limit $3 for update skip locked`,
          [writtenBeforeMs, exporters, limit],
        )
        for (const session of sessions) await takeOut(statements, session, false)
        return sessions.length
      })
      if (taken > 0) onTaken()
      return taken
    },
  }
}

/** A condition: something of the session `s` waits for one of the exporters. */
export function waits(exporters: string): string {
  return `exists (
    select 1 from outbox_deliveries d where d.session_key = s.session_key
      and d.state = 'pending' and d.exporter = any(${exporters}::text[]))`
}
