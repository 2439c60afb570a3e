import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Checkpointer, createCheckpointer } from '../../../src/storage/sqlite/checkpointer.ts'
import { openConnection, openReadConnection } from '../../../src/storage/sqlite/connection.ts'
import { rewriteDatabase } from '../../../src/storage/sqlite/rewrite-database.ts'
import { temporaryFolder } from './open-store.ts'

const FRAMES = 64
const FRAME_BYTES = 4096 + 24

function setUp(threadPath?: string) {
  const path = join(temporaryFolder(), 'some.db')
  closeSync(openSync(path, 'w'))
  const connection = openConnection(path)
  const { handle } = connection
  handle.exec('create table t (a)')
  const warnings: string[] = []
  const checkpointer = createCheckpointer({
    connection,
    databasePath: threadPath ?? path,
    frames: FRAMES,
    log: { warn: (_, message) => warnings.push(message), error: () => {} },
  })
  onTestFinished(async () => {
    await checkpointer.close()
    connection.close()
  })
  const insert = handle.prepare('insert into t values (zeroblob(3000))')
  const log = handle.prepare<[], { log: number; checkpointed: number }>(
    'pragma wal_checkpoint(NOOP)',
  )
  return {
    path,
    handle,
    checkpointer,
    warnings,
    /** Commits of a frame or two each, as the store makes them. */
    commit: async (times: number) => {
      for (let n = 0; n < times; n += 1) {
        await checkpointer.pause()
        insert.run()
        checkpointer.afterCommit()
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    frames: () => log.get()?.log ?? 0,
    waiting: () => {
      const state = log.get()
      return (state?.log ?? 0) - (state?.checkpointed ?? 0)
    },
  }
}

test('a short log is left alone', async () => {
  const { commit, waiting, handle } = setUp()
  await commit(20)
  expect(waiting()).toBeGreaterThanOrEqual(20)
  expect(handle.pragma('wal_autocheckpoint', { simple: true })).toBe(4 * FRAMES)
})

test('a long log is copied and begins anew, while commits go on', async () => {
  const rig = setUp()
  let restarts = 0
  let before = 0
  for (let n = 0; n < 1000; n += 1) {
    await rig.commit(1)
    const now = rig.frames()
    if (now < before) restarts += 1
    before = now
  }
  expect(restarts).toBeGreaterThan(2)
  // A commit is two frames or more.
  expect(statSync(`${rig.path}-wal`).size).toBeLessThan(1000 * FRAME_BYTES)
  expect(rig.handle.prepare('select count(*) as n from t').get()).toEqual({ n: 1000 })
  expect(rig.warnings).toEqual([])
})

test('nothing waits while somebody reads what was there before', async () => {
  const rig = setUp()
  await rig.commit(1)
  const reader = openReadConnection(rig.path)
  onTestFinished(() => reader.close())
  reader.handle.exec('begin')
  reader.handle.prepare('select count(*) from t').get()
  const pauses = vi.spyOn(rig.checkpointer as { pause: Checkpointer['pause'] }, 'pause')
  await rig.commit(FRAMES + 40)
  expect(rig.waiting()).toBeGreaterThan(FRAMES)
  expect(pauses.mock.results.filter(({ value }) => value !== undefined)).toEqual([])
  reader.handle.exec('commit')
  const before = rig.frames()
  await vi.waitUntil(async () => {
    await rig.commit(1)
    return rig.frames() < before
  })
})

test('without the thread, commits make the checkpoints', async () => {
  const { commit, warnings, handle } = setUp('/nowhere/some.db')
  await commit(FRAMES)
  const ended = 'the checkpoint thread ended; commits run checkpoints from now on'
  await vi.waitUntil(() => warnings.includes(ended))
  expect(handle.pragma('wal_autocheckpoint', { simple: true })).toBe(1024)
  await commit(FRAMES)
  expect(warnings).toEqual([ended])
})

test('closing ends the round at hand and the thread', async () => {
  const { commit, checkpointer, frames, waiting } = setUp()
  // The last of them begins the round.
  while (frames() < FRAMES) await commit(1)
  await checkpointer.close()
  expect(waiting()).toBe(0)
  await checkpointer.close()
})

test('writing the database anew fails as long as somebody reads what was there before', () => {
  const { path, handle } = setUp()
  handle.pragma('busy_timeout = 0')
  handle.exec("insert into t values ('what-was-told')")
  handle.exec(`create virtual table search_index using fts5(
    words, content = '', contentless_delete = 1, tokenize = 'ascii')`)
  handle.exec("insert into search_index (rowid, words) values (1, 'indexedword'), (2, 'kept')")
  handle.exec('delete from search_index where rowid = 1')
  const reader = openReadConnection(path)
  onTestFinished(() => reader.close())
  reader.handle.exec('begin')
  reader.handle.prepare('select a from t').all()
  handle.exec("update t set a = 'masked'")
  const held = () =>
    [path, `${path}-wal`].some((file) =>
      /what-was-told|indexedword/.test(readFileSync(file, 'latin1')),
    )
  expect(rewriteDatabase(handle)).toEqual({
    ok: false,
    error: 'another process is reading the database',
  })
  expect(held()).toBe(true)
  reader.handle.exec('commit')
  expect(rewriteDatabase(handle)).toEqual({ ok: true, value: undefined })
  expect(held()).toBe(false)
})
