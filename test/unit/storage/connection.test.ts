/** The settings that make a commit durable and the file bounded. */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  flushOnCheckpoints,
  flushOnCommits,
  openConnection,
} from '../../../src/storage/sqlite/connection.ts'
import { temporaryFolder } from './open-store.ts'

test.each([
  ['journal_mode', 'wal'],
  // 2 is FULL: a commit is on the disk when it returns.
  ['synchronous', 2],
  ['foreign_keys', 1],
  // 2 is INCREMENTAL: it can only be had before the first table.
  ['auto_vacuum', 2],
  ['page_size', 4096],
  ['wal_autocheckpoint', 1024],
  ['cache_size', -8192],
  ['busy_timeout', 250],
])('%s is %s', (pragma, value) => {
  const path = join(temporaryFolder(), 'some.db')
  closeSync(openSync(path, 'w'))
  const { handle } = openConnection(path)
  onTestFinished(() => void handle.close())
  expect(handle.pragma(pragma, { simple: true })).toBe(value)
})

test('a commit is flushed with the next checkpoint where nobody waits for it', () => {
  const path = join(temporaryFolder(), 'some.db')
  closeSync(openSync(path, 'w'))
  const connection = openConnection(path)
  onTestFinished(() => {
    connection.close()
  })
  const synchronous = () => connection.handle.pragma('synchronous', { simple: true })
  flushOnCheckpoints(connection)
  // 1 is NORMAL.
  expect(synchronous()).toBe(1)
  flushOnCommits(connection)
  expect(synchronous()).toBe(2)
})

test('a file that is missing is not made: whoever makes it sets its mode', () => {
  expect(() => openConnection(join(temporaryFolder(), 'some.db'))).toThrow(/unable to open/)
})
