import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openConnection } from '../../../src/store/connection.ts'
import { openDatabase } from '../../../src/store/open-database.ts'
import { createSqliteSessions } from '../../../src/store/sqlite-sessions.ts'
import { createWalFlush } from '../../../src/store/wal-flush.ts'
import { temporaryFolder } from './open-store.ts'

const nothing = () => ({ sessions: [], usage: [], emissions: [] })

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

test('a commit is durable only after its flush', async () => {
  let flushed: () => void = () => {}
  const sessions = await sessionsOver(() => new Promise((resolve) => (flushed = resolve)))
  const settled = vi.fn<() => void>()
  const { durable } = await sessions.commit([], [], nothing)
  const waiting = durable.then(settled)
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).not.toHaveBeenCalled()
  flushed()
  await waiting
  expect(settled).toHaveBeenCalledOnce()
})

test('a commit whose flush fails is not durable', async () => {
  const sessions = await sessionsOver(() => Promise.reject(new Error('input/output error')))
  const { durable } = await sessions.commit([], [], nothing)
  await expect(durable).rejects.toThrow('input/output error')
})

test('flushes that are asked for while one runs share the next one', async () => {
  const path = join(temporaryFolder(), 'some.db')
  closeSync(openSync(path, 'w'))
  const connection = openConnection(path)
  onTestFinished(() => connection.close())
  connection.handle.exec('create table t (a)')
  const wal = createWalFlush(path)
  onTestFinished(() => wal.close())
  const first = wal.flush()
  const second = wal.flush()
  expect(second).not.toBe(first)
  expect(wal.flush()).toBe(second)
  await second
  const third = wal.flush()
  expect(third).not.toBe(second)
  await third
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
