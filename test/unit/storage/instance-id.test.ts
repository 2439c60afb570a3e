/** The id of a data folder: kept, private, and another one in a copy. */
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dataFolderAt } from '../../../src/storage/data-folder.ts'
import { keepInstanceId, readInstanceId } from '../../../src/storage/instance-id.ts'
import { openStore, temporaryFolder } from './open-store.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

test('is made once, for its owner alone', async () => {
  const store = await openStore()
  expect(store.instance).toMatch(UUID)
  await store.close()
  expect((await openStore(store.dataDir)).instance).toBe(store.instance)
  const folder = dataFolderAt(store.dataDir)
  expect(readInstanceId(folder)).toBe(store.instance)
  expect(statSync(folder.instancePath).mode & 0o077).toBe(0)
})

test('is another one in another folder, and in a copy', () => {
  const [first, second] = [temporaryFolder(), temporaryFolder()]
  const id = keepInstanceId(dataFolderAt(first))
  expect(keepInstanceId(dataFolderAt(second))).not.toBe(id)
  const copy = join(temporaryFolder(), 'copy')
  mkdirSync(copy)
  copyFileSync(dataFolderAt(first).instancePath, dataFolderAt(copy).instancePath)
  expect(keepInstanceId(dataFolderAt(copy))).not.toBe(id)
  expect(readInstanceId(dataFolderAt(first))).toBe(id)
})

test.each(['', 'garbage', '../../etc/passwd 7\n'])('%j is replaced', (content) => {
  const folder = dataFolderAt(temporaryFolder())
  writeFileSync(folder.instancePath, content)
  expect(readInstanceId(folder)).toBeUndefined()
  const id = keepInstanceId(folder)
  expect(id).toMatch(UUID)
  expect(readFileSync(folder.instancePath, 'utf8')).toContain(id)
})

test('where it cannot be written there is one all the same', () => {
  const folder = dataFolderAt(join(temporaryFolder(), 'not-there'))
  expect(keepInstanceId(folder)).toMatch(UUID)
  expect(readInstanceId(folder)).toBeUndefined()
})
