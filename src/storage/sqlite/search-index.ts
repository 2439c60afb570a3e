/** How rows of the search's index are numbered and written. */
import type { Connection } from './connection.ts'

/** Numbers that each session has for its rows. */
export const ROWS_PER_SESSION = 2 ** 20

/** The same as SQL: the session of a row. */
export const SESSION_OF_ROW = 'rowid >> 20'

/**
 * A session's rows, for two parameters: its first number, and the next session's. FTS5 takes bounds that
 * are integers alone and else looks at every row that there is; the driver binds numbers as REAL.
 */
export const ROWS_BETWEEN = 'rowid >= cast(? as integer) and rowid < cast(? as integer)'

export function firstRowOf(sessionRef: number): number {
  return sessionRef * ROWS_PER_SESSION
}

/** FTS5's own tokenizer splits at spaces only what is written like this, and changes nothing else. */
export function addWords({
  handle,
}: Pick<Connection, 'handle'>): (row: number, words: readonly string[]) => void {
  const insert = handle.prepare<[number, string]>(
    'insert into search_index (rowid, words) values (?, ?)',
  )
  return (row, words) => void insert.run(row, words.join(' '))
}
