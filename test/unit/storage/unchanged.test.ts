/** What is remembered of a database, until somebody changes it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { sqliteDialect } from '../../../src/storage/sqlite/dialect.ts'
import { createUnchanged } from '../../../src/storage/sqlite/unchanged.ts'

function twoConnections() {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-unchanged-'))
  const writing = new Database(join(folder, 'some.db'))
  writing.pragma('journal_mode = WAL')
  writing.exec('create table facts (name text)')
  const reading = new Database(join(folder, 'some.db'), { readonly: true })
  onTestFinished(() => {
    reading.close()
    writing.close()
    rmSync(folder, { recursive: true })
  })
  return { writing, reading }
}

test('it is read once until another connection commits', () => {
  const { writing, reading } = twoConnections()
  const unchanged = createUnchanged<number>({ handle: reading }, 2)
  let reads = 0
  const count = (key: string): number =>
    unchanged.get(key, () => {
      reads += 1
      return Number(reading.prepare('select count(*) from facts').pluck().get())
    })
  expect([count('a'), count('a'), reads]).toEqual([0, 0, 1])
  writing.exec(`begin; insert into facts values ('one')`)
  expect([count('a'), reads]).toEqual([0, 1])
  writing.exec('commit')
  expect([count('a'), count('a'), reads]).toEqual([1, 1, 2])
})

test('the ones asked for last are kept, and none that was forgotten', () => {
  const { reading } = twoConnections()
  const unchanged = createUnchanged<string>({ handle: reading }, 2)
  const read: string[] = []
  const ask = (key: string) =>
    unchanged.get(key, () => {
      read.push(key)
      return key
    })
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) ask(key)
  expect(read).toEqual(['a', 'b', 'c', 'b'])
  unchanged.forget('b')
  ask('b')
  expect(read).toEqual(['a', 'b', 'c', 'b', 'b'])
})

test.each([
  ['most of them', 2],
  ['few of them', 400],
])('sessions are found by their numbers, %s', async (_, step) => {
  const handle = new Database(':memory:')
  const kysely = new Kysely<{ sessions: { id: number } }>({
    dialect: new SqliteDialect({ database: handle }),
  })
  onTestFinished(() => kysely.destroy())
  const last = 2500 * step
  handle.exec(`create table sessions (id integer primary key);
    with recursive n(id) as (select 1 union all select id + 1 from n where id <= ${last + 3})
    insert into sessions select id from n`)
  const ids = Array.from({ length: 2500 }, (_each, index) => (index + 1) * step)
  const found = await kysely
    .selectFrom('sessions')
    .select('id')
    .where(sqliteDialect.amongSessions(ids))
    .orderBy('id')
    .execute()
  expect(found.map(({ id }) => id)).toEqual(ids)
})
