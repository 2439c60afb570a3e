import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openConnection } from '../../../src/store/connection.ts'
import { openDatabase } from '../../../src/store/open-database.ts'
import { createSqliteSessions } from '../../../src/store/sqlite-sessions.ts'
import { createWalFlush } from '../../../src/store/wal-flush.ts'
import { temporaryFolder } from './open-store.ts'

const nothing = () => ({ sessions: [], emissions: [] })

async function sessionsOver(flush: () => Promise<void>) {
  const path = join(temporaryFolder(), 'some.db')
  closeSync(openSync(path, 'w'))
  const opened = await openDatabase(path)
  if (!opened.ok) throw new Error(opened.error.message)
  onTestFinished(() => opened.value.close())
  return createSqliteSessions({
    connection: { ...opened.value, flush },
    clock: { now: () => 0, setTimer: () => ({ cancel: () => {} }) },
    stateVersion: 1,
    log: { warn: () => {}, error: () => {} },
  })
}

test('a commit resolves only after its flush', async () => {
  let flushed: () => void = () => {}
  const sessions = await sessionsOver(() => new Promise((resolve) => (flushed = resolve)))
  const settled = vi.fn<() => void>()
  const commit = sessions.commit([], [], nothing).then(settled)
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).not.toHaveBeenCalled()
  flushed()
  await commit
  expect(settled).toHaveBeenCalledOnce()
})

test('a commit whose flush fails is no commit for its caller', async () => {
  const sessions = await sessionsOver(() => Promise.reject(new Error('input/output error')))
  await expect(sessions.commit([], [], nothing)).rejects.toThrow('input/output error')
})

test('the log of a real database is flushed', async () => {
  const path = join(temporaryFolder(), 'some.db')
  closeSync(openSync(path, 'w'))
  const connection = openConnection(path)
  onTestFinished(() => connection.close())
  connection.handle.exec('create table t (a)')
  await expect(connection.flush()).resolves.toBeUndefined()
})

test('a log that is not there cannot be flushed', async () => {
  await expect(createWalFlush('/nowhere/some.db').flush()).rejects.toThrow('ENOENT')
})
