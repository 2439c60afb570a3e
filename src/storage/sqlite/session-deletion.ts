/**
 * Deletes sessions without keeping anybody waiting, however many records they have.
 *
 * A session is taken out first, in one short transaction: its row goes, and with it the session
 * from every list, sum and commit, while its records stay behind, noted in `deletions`. They are
 * deleted in slices of a few milliseconds, with commits in between. A record that comes meanwhile
 * begins the session anew, under another id; a process that ends in the middle goes on at its next
 * start.
 */
import { sql } from 'kysely'
import type { SessionKey } from '../../domain/identity.ts'
import type { Connection } from './connection.ts'
import type { OutboxTable } from './outbox-table.ts'
import { type NewRow, prepare } from './prepared.ts'
import type { DeletionsTable } from './schema.ts'
import { firstRowOf, ROWS_BETWEEN, ROWS_PER_SESSION } from './search-index.ts'

/** A session's row. */
export interface StoredSession {
  readonly id: number
  readonly key: SessionKey
  /** When the row was last written, epoch ms. */
  readonly writtenMs: number
}

/** Both are within. */
export interface IdRange {
  readonly first: number
  readonly last: number
}

export interface SessionToDelete {
  readonly session: StoredSession
  /** Where in the outbox the items stand that go with it; undefined when none do. */
  readonly items: IdRange | undefined
}

export interface SessionDeletion {
  /**
   * Takes a session out, with what waits of it in the outbox. Its id, for `slice`; undefined when
   * there is no such session.
   */
  take(key: SessionKey): number | undefined
  /** Deletes some rows of a session that was taken out. */
  slice(id: number): DeletedSlice
  /** Whoever took it out does not go on with it; `sweep` does. */
  letGo(id: number): void
  /**
   * Goes on with what was taken out and nobody else goes on with, then takes out what `next` names
   * (`later` ends the slice) and goes on with that, as much as fits in a slice. Whether there may
   * be more to do.
   */
  sweep(next?: () => SessionToDelete | 'later' | undefined): boolean
}

export interface DeletedSlice {
  /** Records among the rows. */
  readonly records: number
  /** Nothing is left of the session. */
  readonly isDone: boolean
}

interface SessionDeletionDeps {
  readonly connection: Connection
  readonly outbox: OutboxTable
  /** Told once sessions were taken out: whoever remembers them has to forget them. */
  readonly onTaken: (sessions: readonly StoredSession[]) => void
}

/** What one slice may take: some milliseconds, its flush included, which grows with the pages that rows are spread over. */
const ROWS_PER_SLICE = 250
const BYTES_PER_SLICE = 256 * 1024
const OUTBOX_PER_SLICE = 500

interface Budget {
  rows: number
  bytes: number
}

const isSpent = ({ rows, bytes }: Budget): boolean => rows <= 0 || bytes <= 0

export function createSessionDeletion(deps: SessionDeletionDeps): SessionDeletion {
  const { connection, outbox, onTaken } = deps
  const { handle, kysely } = connection
  const tables = [...tablesOfSessions(connection), searchIndex(connection)]
  /** Those that somebody goes on with by `slice`. */
  const held = new Set<number>()

  const find = prepare(connection, ({ key }: { key: SessionKey }) =>
    kysely
      .selectFrom('sessions')
      .select(['id', 'session_key as key', 'updated_ms as writtenMs'])
      .where('session_key', '=', key),
  )
  const newestItem = prepare(connection, () =>
    kysely.selectFrom('outbox').select(({ fn }) => fn.max<number | null>('id').as('id')),
  )
  const note = prepare(connection, (row: NewRow<'deletions'>) =>
    kysely.insertInto('deletions').values(row),
  )
  const deleteSession = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('sessions').where('id', '=', id),
  )
  const noted = prepare(connection, ({ id }: { id: number }) =>
    kysely.selectFrom('deletions').selectAll().where('session_ref', '=', id),
  )
  const allNoted = prepare(connection, () =>
    kysely.selectFrom('deletions').select('session_ref').orderBy('session_ref'),
  )
  const lookedThrough = prepare(connection, ({ id, afterId }: { id: number; afterId: number }) =>
    kysely.updateTable('deletions').set({ outbox_after: afterId }).where('session_ref', '=', id),
  )
  const isDeleted = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('deletions').where('session_ref', '=', id),
  )
  // By id: an index on the session's key would cost every emission more than this ever takes.
  const outboxSlice = prepare(connection, (range: { afterId: number; throughId: number }) =>
    kysely
      .selectFrom('outbox')
      .select(['id', 'session_key'])
      .where('id', '>', range.afterId)
      .where('id', '<=', range.throughId)
      .orderBy('id')
      .limit(sql.lit(OUTBOX_PER_SLICE)),
  )

  /**
   * Runs a transaction in which a session's row may go before its other rows do: with foreign keys
   * on, SQLite would delete all of them in one statement. Only deletes happen in it.
   */
  function withoutCascade<T>(work: () => T): T {
    handle.pragma('foreign_keys = OFF')
    try {
      return outbox.change(work)
    } finally {
      handle.pragma('foreign_keys = ON')
    }
  }

  function takeOut({ session: { id, key }, items }: SessionToDelete): void {
    const after = items === undefined ? 0 : items.first - 1
    const through = items?.last ?? 0
    note.run({ session_ref: id, session_key: key, outbox_after: after, outbox_through: through })
    deleteSession.run({ id })
  }

  /** Spends the budget on one session. */
  function deleteSome(id: number, budget: Budget): DeletedSlice {
    const deletion = noted.get({ id })
    if (deletion === undefined) return { records: 0, isDone: true }
    // What waits to be sent first: the sooner it is gone, the less of it is sent.
    if (!deleteFromOutbox(deletion, budget)) return { records: 0, isDone: false }
    let records = 0
    for (const table of tables) {
      records += table.deleteSome(id, budget)
      if (isSpent(budget)) return { records, isDone: false }
    }
    isDeleted.run({ id })
    return { records, isDone: true }
  }

  /** Whether all of it is gone. */
  function deleteFromOutbox(deletion: DeletionsTable, budget: Budget): boolean {
    const { session_ref: id, session_key: key, outbox_after, outbox_through } = deletion
    if (outbox_after >= outbox_through) return true
    const items = outboxSlice.all({ afterId: outbox_after, throughId: outbox_through })
    for (const item of items) if (item.session_key === key) outbox.discard(item.id)
    budget.rows -= items.length
    const isLast = items.length < OUTBOX_PER_SLICE
    lookedThrough.run({ id, afterId: isLast ? outbox_through : (items.at(-1)?.id ?? 0) })
    return isLast
  }

  return {
    take: (key) => {
      const session = find.get({ key })
      if (session === undefined) return undefined
      const items = { first: 1, last: newestItem.get({})?.id ?? 0 }
      withoutCascade(() => takeOut({ session, items }))
      held.add(session.id)
      onTaken([session])
      return session.id
    },
    slice: (id) => outbox.change(() => deleteSome(id, newBudget())),
    letGo: (id) => void held.delete(id),
    sweep: (next) => {
      const left = allNoted.all({}).filter((row) => !held.has(row.session_ref))
      if (left.length === 0 && next === undefined) return false
      const taken: StoredSession[] = []
      const more = withoutCascade(() => {
        const budget = newBudget()
        const isDone = (id: number) => deleteSome(id, budget).isDone
        return !left.every((row) => isDone(row.session_ref)) || takeSome(taken, budget, next)
      })
      if (taken.length > 0) onTaken(taken)
      return more
    },
  }

  /** Takes out what is named, as far as the budget goes. Whether there may be more. */
  function takeSome(
    taken: StoredSession[],
    budget: Budget,
    next: () => SessionToDelete | 'later' | undefined = () => undefined,
  ): boolean {
    while (!isSpent(budget)) {
      const found = next()
      if (found === undefined) return false
      if (found === 'later') return true
      takeOut(found)
      taken.push(found.session)
      budget.rows -= 1
      if (!deleteSome(found.session.id, budget).isDone) return true
    }
    return true
  }
}

function newBudget(): Budget {
  return { rows: ROWS_PER_SLICE, bytes: BYTES_PER_SLICE }
}

/** A table whose rows belong to sessions. */
interface SessionTable {
  /** Deletes rows of a session as far as the budget goes, at least one. Returns the records in them. */
  deleteSome(sessionRef: number, budget: Budget): number
}

/** Every table that points at `sessions`, as the schema says it: none can be forgotten. */
function tablesOfSessions({ handle }: Connection): readonly SessionTable[] {
  const pointing = handle
    .prepare<[], { name: string; column: string }>(
      `select m.name, f."from" as "column" from sqlite_master m, pragma_foreign_key_list(m.name) f
       where m.type = 'table' and f."table" = 'sessions' order by m.name`,
    )
    .all()
  return pointing.map(({ name, column }) => sessionTable({ handle }, name, column))
}

function sessionTable(
  { handle }: Pick<Connection, 'handle'>,
  name: string,
  sessionRef: string,
): SessionTable {
  const columns = handle
    .prepare<[string], { name: string; type: string; pk: number }>(
      'select name, lower(type) as type, pk from pragma_table_info(?)',
    )
    .all(name)
  const key = columns.filter(({ pk }) => pk > 0).map((column) => quoted(column.name))
  const sizes = columns
    .filter(({ type }) => type === 'text' || type === 'blob')
    .map((column) => `coalesce(octet_length(${quoted(column.name)}), 0)`)
  const records = columns.some((column) => column.name === 'records') ? 'records' : '0'
  // The length of a text stands before it, so this reads none.
  const select = handle
    .prepare<[number, number], (number | string)[]>(
      `select ${['0', ...sizes].join(' + ')}, ${records}, ${key.join(', ')}
       from ${quoted(name)} where ${quoted(sessionRef)} = ? limit ?`,
    )
    .raw()
  const remove = handle.prepare<(number | string)[]>(
    `delete from ${quoted(name)} where ${key.map((column) => `${column} = ?`).join(' and ')}`,
  )

  return {
    deleteSome: (id, budget) => {
      let deleted = 0
      for (const [bytes, count, ...keys] of select.all(id, budget.rows)) {
        remove.run(...keys)
        deleted += Number(count)
        budget.rows -= 1
        budget.bytes -= Number(bytes)
        if (isSpent(budget)) break
      }
      return deleted
    },
  }
}

/** Which no foreign key can point from. */
function searchIndex({ handle }: Pick<Connection, 'handle'>): SessionTable {
  const remove = handle.prepare<[number, number, number]>(
    `delete from search_index where rowid in (
       select rowid from search_index where ${ROWS_BETWEEN} limit ?)`,
  )
  return {
    deleteSome: (id, budget) => {
      const first = firstRowOf(id)
      budget.rows -= remove.run(first, first + ROWS_PER_SESSION, budget.rows).changes
      return 0
    },
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
