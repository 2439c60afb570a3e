/** Reading a store from beside: never makes, changes or keeps a file. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openReader } from '../../../src/storage/beside.ts'
import { nothing, other, row } from './arrivals.ts'
import { databaseIn, openStore, temporaryFolder, withDatabase } from './open-store.ts'

test('a folder without a database is said to be one, and stays empty', async () => {
  const dataDir = temporaryFolder()
  const opened = await openReader({ dataDir })
  expect(opened).toMatchObject({ ok: false, error: expect.stringContaining('DATA_DIR') })
  expect(readdirSync(dataDir)).toEqual([])
})

test('a file that is no database is refused', async () => {
  const dataDir = temporaryFolder()
  writeFileSync(databaseIn(dataDir), 'this is a text, and long enough to be taken for a header')
  const opened = await openReader({ dataDir })
  expect(opened).toMatchObject({
    ok: false,
    error: expect.stringContaining('not a SQLite database'),
  })
})

test.each([
  ['newer', "insert into kysely_migration values ('9999-later', '2030-01-01')"],
  ['older', "delete from kysely_migration where name like '0003%'"],
])('a database of a %s program is refused', async (age, sql) => {
  const store = await openStore()
  await store.close()
  withDatabase(store.dataDir, (database) => database.exec(sql))
  expect(await openReader(store)).toMatchObject({
    ok: false,
    error: expect.stringContaining(age),
  })
})

test('what is committed is seen at once, while the bridge has the folder', async () => {
  const store = await openStore()
  const opened = await openReader(store)
  if (!opened.ok) throw new Error(opened.error)
  const reader = opened.value
  expect(await reader.details.find('claude-code/s1')).toBeUndefined()
  await store.sessions.commit([other('k1'), other('k2')], [], () => ({
    ...nothing,
    sessions: [row('s1', { costUsd: 3 })],
  }))
  expect(await reader.details.find('claude-code/s1')).toMatchObject({ costUsd: 3 })
  expect(await reader.records.countOf('claude-code/s1')).toBe(2)
  expect(await reader.records.countOf('claude-code/s2')).toBeUndefined()
  await reader.close()
  expect(existsSync(databaseIn(store.dataDir))).toBe(true)
})
