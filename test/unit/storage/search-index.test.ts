/** That a session's rows of the search's index are found without a look at everybody's. */
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import {
  addWords,
  firstRowOf,
  ROWS_BETWEEN,
  ROWS_PER_SESSION,
} from '../../../src/storage/sqlite/search-index.ts'
import { processorMs } from '../../processor-time.ts'

test('by bounds that the index takes, however many rows others have', () => {
  const handle = new Database(':memory:')
  onTestFinished(() => void handle.close())
  handle.exec(
    `create virtual table search_index using fts5(words, content = '', contentless_delete = 1, tokenize = 'ascii')`,
  )
  const add = addWords({ handle })
  handle.transaction(() => {
    for (let session = 1; session <= 30_000; session += 1) add(firstRowOf(session), ['word'])
    add(firstRowOf(70) + 1, ['another'])
  })()
  const rows = handle
    .prepare<[number, number], number>(`select rowid from search_index where ${ROWS_BETWEEN}`)
    .pluck()
  const rowsOf = (session: number): number[] =>
    rows.all(firstRowOf(session), firstRowOf(session) + ROWS_PER_SESSION)
  expect(rowsOf(70)).toEqual([firstRowOf(70), firstRowOf(70) + 1])
  expect(rowsOf(40_000)).toEqual([])
  // A look at all of them takes 1.5 ms.
  expect(processorMs(() => rowsOf(70), 500)).toBeLessThan(0.3)
})
