/** A database that is not whole: moved aside, said loudly, and begun afresh. */
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nothing, observation, other } from './arrivals.ts'
import { databaseIn, openStore, withDatabase } from './open-store.ts'

const PAGE = 8192

/** A folder with a record and an item on its way, closed. */
async function usedFolder(): Promise<string> {
  const store = await openStore()
  const emissions = Array.from({ length: 200 }, (_, n) => observation(`item ${n}`))
  await store.sessions.commit([other('a')], [], () => ({ ...nothing, emissions }))
  await store.close()
  return store.dataDir
}

const asideIn = (dataDir: string) =>
  readdirSync(dataDir).filter((file) => /\.db\.damaged-.*Z$/.test(file))

test.each([
  ['something else', (path: string) => writeFileSync(path, 'Dear diary, '.repeat(1000))],
  ['cut off', (path: string) => truncateSync(path, PAGE * 3)],
  [
    'overwritten in its middle',
    (path: string) => {
      const bytes = readFileSync(path)
      writeFileSync(path, bytes.fill(0xa5, PAGE * 20, PAGE * 24))
    },
  ],
] as const)('a file that is %s', async (_, spoil) => {
  const dataDir = await usedFolder()
  spoil(databaseIn(dataDir))
  const spoiled = statSync(databaseIn(dataDir)).size

  const store = await openStore(dataDir)
  const [aside = ''] = asideIn(dataDir)
  expect(statSync(join(dataDir, aside)).size).toBe(spoiled)
  expect(store.warnings).toEqual([expect.objectContaining({ movedTo: join(dataDir, aside) })])
  await store.sessions.commit([other('b')], [], () => nothing)
  expect(store.rows('select dedup_key from seen')).toEqual([{ dedup_key: 'b' }])
})

test('damage met in use is remembered, however large the file is', async () => {
  const store = await openStore(await usedFolder())
  const mark = join(store.dataDir, 'claude-telemetry.damaged')
  await expect(
    store.sessions.commit([], [], () => {
      throw Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT_VTAB' })
    }),
  ).rejects.toThrow('malformed')
  expect(readFileSync(mark, 'utf8')).toBe('malformed\n')
  await store.close()

  // It was a false alarm: the file is whole, stays, and is not suspected again.
  const again = await openStore(store.dataDir)
  expect(again.warnings).toEqual([])
  expect(readdirSync(store.dataDir)).not.toContain('claude-telemetry.damaged')
  expect(withDatabase(store.dataDir, (db) => db.pragma('quick_check', { simple: true }))).toBe('ok')
})
