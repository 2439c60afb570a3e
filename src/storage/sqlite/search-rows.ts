/**
 * The index of what sessions are found by, in FTS5: a row for each piece of words (`domain/search-words.ts`),
 * kept without the text itself. The number of a row says whose it is, so that rows of a session lie together
 * and no other table is asked.
 *
 * What is stored comes in with its commit. What was stored before there was an index, or was changed since,
 * is read again from the records: `search_backlog` names those sessions and how far each of them is.
 */
import { piecesOf } from '../../domain/search-words.ts'
import { searchTextsOf } from '../../domain/search-texts.ts'
import type { StateFormat } from '../../domain/stored-state.ts'
import { type BatchColumns, wholeBatchOf } from '../batch-parts.ts'
import { createBoundedMap } from '../bounded-map.ts'
import { createSearchMemory, type SearchMemory } from '../search-memory.ts'
import type { StoreLog } from '../store-log.ts'
import { type NamedColumns, namesIn } from '../stored-rows.ts'
import type { Connection } from './connection.ts'
import { addWords, firstRowOf, ROWS_BETWEEN, ROWS_PER_SESSION } from './search-index.ts'

const MAX_REMEMBERED = 10_000
/** Of a slice: some milliseconds, or one large batch. */
const BATCHES_PER_SLICE = 20
const BYTES_PER_SLICE = 256 * 1024

export interface SearchRows {
  /** What a session can be found by from now on, besides what is indexed of it. */
  add(sessionRef: number, texts: readonly string[]): void
  /** What a session's row tells; nothing where it is as it was. */
  changesOf: SearchMemory['changesOf']
  /**
   * What is stored of a session was changed: nothing of before is found any more. Its row is indexed at
   * once, its records by upkeep.
   */
  rebuild(sessionRef: number): void
  /** Indexes some of what has to be read again; true while there may be more. */
  catchUp(): boolean
  /** After a rollback, or a change behind its back. */
  forget(): void
}

interface SearchRowsDeps {
  readonly connection: Connection
  readonly itemsOf: StateFormat<unknown>['itemsOf']
  readonly log: StoreLog
}

/** What a command needs, which leaves the rest to the next start of the bridge. */
export type SearchChanges = Pick<SearchRows, 'rebuild'>

interface WaitingSession {
  readonly session_ref: number
  readonly session_key: string
  readonly after_id: number
}

interface RawBatch extends BatchColumns {
  readonly body: string
}

export function createSearchChanges({ handle }: Pick<Connection, 'handle'>): SearchChanges {
  const clear = handle.prepare<[number, number]>(`delete from search_index where ${ROWS_BETWEEN}`)
  const enqueue = handle.prepare<[number]>(
    `insert into search_backlog (session_ref, after_id) values (?, 0)
     on conflict (session_ref) do update set after_id = 0`,
  )
  const rowOf = handle.prepare<[number], NamedColumns>(
    'select agent, session_id, title, user_id, project, team from sessions where id = ?',
  )
  const labelsOf = handle.prepare<[number], { readonly key: string; readonly value: string }>(
    'select key, value from session_attributes where session_ref = ?',
  )
  const insert = addWords({ handle })

  return {
    rebuild: (sessionRef) => {
      const first = firstRowOf(sessionRef)
      clear.run(first, first + ROWS_PER_SESSION)
      const row = rowOf.get(sessionRef)
      if (row === undefined) return
      enqueue.run(sessionRef)
      const labels = Object.fromEntries(
        labelsOf.all(sessionRef).map(({ key, value }) => [key, value]),
      )
      for (const [at, words] of piecesOf(namesIn(row, labels)).entries()) insert(first + at, words)
    },
  }
}

export function createSearchRows({ connection, itemsOf, log }: SearchRowsDeps): SearchRows {
  const { handle } = connection
  const memory = createSearchMemory()
  const changes = createSearchChanges(connection)
  const insert = addWords(connection)
  /** The row behind the last one of a session. */
  const ends = createBoundedMap<number, number>(MAX_REMEMBERED)
  const lastRow = handle
    .prepare<[number, number], number>(
      `select rowid from search_index where ${ROWS_BETWEEN} order by rowid desc limit 1`,
    )
    .pluck()
  const waiting = handle.prepare<[], WaitingSession>(
    `select session_ref, session_key, after_id from search_backlog
     join sessions on id = session_ref order by session_ref limit 1`,
  )
  const batchesBehind = handle.prepare<[number, number, number], RawBatch>(
    `select b.id, signal, received_ms, body, scope_name, scope_version, resource
     from record_batches b join origins o on o.id = b.origin_ref
     where session_ref = ? and b.id > ? order by b.id limit ?`,
  )
  const advance = handle.prepare<[number, number]>(
    'update search_backlog set after_id = ? where session_ref = ?',
  )
  const isDone = handle.prepare<[number]>('delete from search_backlog where session_ref = ?')

  function endOf(sessionRef: number): number {
    const first = firstRowOf(sessionRef)
    const known = ends.get(sessionRef)
    if (known !== undefined) return known
    const last = lastRow.get(first, first + ROWS_PER_SESSION)
    return last === undefined ? first : last + 1
  }

  function add(sessionRef: number, texts: readonly string[]): void {
    const pieces = piecesOf(memory.unknownOf(sessionRef, texts))
    if (pieces.length === 0) return
    const limit = firstRowOf(sessionRef) + ROWS_PER_SESSION
    let row = endOf(sessionRef)
    for (const words of pieces) {
      if (row >= limit) break
      insert(row, words)
      row += 1
    }
    ends.set(sessionRef, row)
  }

  function forget(): void {
    memory.forget()
    ends.clear()
  }

  /** What a batch tells; nothing where nobody can read it. */
  function textsOf(key: string, row: RawBatch): readonly string[] {
    try {
      return itemsOf(wholeBatchOf(key, row, row.body)).flatMap(searchTextsOf)
    } catch (error) {
      const message = 'cannot index a stored batch of records; the search does not find it'
      log.error({ sessionKey: key, batch: row.id, err: error }, message)
      return []
    }
  }

  const catchUp = handle.transaction((): boolean => {
    const session = waiting.get()
    if (session === undefined) return false
    const { session_ref: ref, session_key: key, after_id: afterId } = session
    let bytes = 0
    let throughId = afterId
    let isLast = true
    const texts: string[] = []
    for (const row of batchesBehind.iterate(ref, afterId, BATCHES_PER_SLICE)) {
      texts.push(...textsOf(key, row))
      throughId = row.id
      bytes += row.body.length
      isLast = false
      if (bytes >= BYTES_PER_SLICE) break
    }
    if (isLast) isDone.run(ref)
    else advance.run(throughId, ref)
    add(ref, texts)
    return true
  })

  return {
    add,
    changesOf: (sessionRef, row) => memory.changesOf(sessionRef, row),
    rebuild: (sessionRef) => {
      forget()
      changes.rebuild(sessionRef)
    },
    catchUp: () => {
      try {
        return catchUp.immediate()
      } catch (error) {
        forget()
        throw error
      }
    },
    forget,
  }
}
