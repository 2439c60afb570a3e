/** Whether records can be stored: what attempts show, and what is tried while nobody stores any. */
import { describe, expect, test } from 'vitest'
import { createStorageWatch } from '../../../src/storage/storage-watch.ts'
import { isOfStorage } from '../../../src/storage/sqlite/storage-probe.ts'
import { createManualClock } from '../manual-clock.ts'
import { AT_MS, nothing, observation, other, row } from './arrivals.ts'
import { connect, type OpenStore, openStore } from './open-store.ts'

const failure = (code: string, message: string) => Object.assign(new Error(message), { code })

const full = failure('SQLITE_FULL', 'database or disk is full')

function rig() {
  const clock = createManualClock(AT_MS)
  const said: string[] = []
  const say = (_fields: object, message: string) => void said.push(message)
  const watch = createStorageWatch({ isOfStorage, clock, log: { warn: say, error: say } })
  return { clock, watch, said }
}

describe('the state', () => {
  test('follows the last commit at once, both ways', () => {
    const { watch, said } = rig()
    expect(watch.state()).toEqual({
      isWritable: true,
      lastCommitMs: undefined,
      failure: undefined,
    })
    watch.committed()
    watch.failed(full)
    expect(watch.state()).toEqual({
      isWritable: false,
      lastCommitMs: AT_MS,
      failure: { sinceMs: AT_MS, message: 'database or disk is full' },
    })
    watch.committed()
    expect(watch.state()).toMatchObject({ isWritable: true, failure: undefined })
    expect(said).toHaveLength(2)
  })

  test('says since when, and the latest reason, once in the log', async () => {
    const { watch, clock, said } = rig()
    watch.failed(full)
    await clock.advance(5000)
    watch.failed(failure('SQLITE_IOERR_WRITE', 'disk I/O error'))
    expect(watch.state().failure).toEqual({ sinceMs: AT_MS, message: 'disk I/O error' })
    expect(said).toHaveLength(1)
  })

  test.each([
    ['a record that is too large', failure('SQLITE_TOOBIG', 'string or blob too big')],
    ['a row that is there', failure('SQLITE_CONSTRAINT_PRIMARYKEY', 'UNIQUE')],
    ['a bug', new TypeError('undefined is not a function')],
    ['something of the network', failure('ECONNRESET', 'reset')],
  ])('is not changed by %s', (_what, error) => {
    const { watch } = rig()
    watch.failed(error)
    expect(watch.state().isWritable).toBe(true)
  })
})

describe('an error that may be of the data', () => {
  const unknown = failure('42P01', 'relation "seen" does not exist')

  test('is an outage once nothing has been stored for some seconds, and ends with a commit', async () => {
    const { watch, clock, said } = rig()
    watch.committed()
    watch.failed(unknown)
    await clock.advance(4_999)
    watch.failed(unknown)
    expect(watch.state().isWritable).toBe(true)
    await clock.advance(1)
    watch.failed(unknown)
    expect(watch.state().failure).toEqual({ sinceMs: AT_MS, message: unknown.message })
    watch.committed()
    expect(watch.state().isWritable).toBe(true)
    expect(said).toHaveLength(2)
  })

  test('is none while others can store', async () => {
    const { watch, clock } = rig()
    for (let second = 0; second < 60; second += 1) {
      watch.failed(unknown)
      await clock.advance(1000)
      if (second % 4 === 0) watch.committed()
      expect(watch.state().isWritable).toBe(true)
    }
  })

  test('is looked into at once: a probe that fails, of whatever, is an outage', async () => {
    const { watch, clock } = rig()
    let isBroken = true
    watch.start(async () => watch.probed(isBroken ? unknown : undefined))
    watch.failed(unknown)
    await clock.advance(0)
    expect(watch.state()).toMatchObject({
      isWritable: false,
      failure: { message: unknown.message },
    })
    isBroken = false
    await clock.advance(31_000)
    expect(watch.state().isWritable).toBe(true)
    watch.stop()
    expect(clock.pendingTimers()).toBe(0)
  })

  test('is not taken back by a probe before commits had another chance', async () => {
    const { watch, clock } = rig()
    watch.start(async () => watch.probed(undefined))
    for (let n = 0; n < 6; n += 1) {
      watch.failed(unknown)
      await clock.advance(1000)
    }
    expect(watch.state().isWritable).toBe(false)
    await clock.advance(20_000)
    expect(watch.state().isWritable).toBe(false)
    await clock.advance(12_000)
    expect(watch.state().isWritable).toBe(true)
    watch.stop()
  })
})

describe('probes', () => {
  test('come every half minute, and only while nothing is stored', async () => {
    const { watch, clock } = rig()
    const probes: number[] = []
    watch.start(async () => {
      probes.push(clock.now() - AT_MS)
      watch.committed()
    })
    await clock.advance(61_000)
    expect(probes).toEqual([30_000, 60_000])
    for (let n = 0; n < 30; n += 1) {
      watch.committed()
      await clock.advance(10_000)
    }
    expect(probes).toHaveLength(2)
    await clock.advance(30_000)
    expect(probes).toHaveLength(3)
    watch.stop()
    await clock.advance(100_000)
    expect(probes).toHaveLength(3)
    expect(clock.pendingTimers()).toBe(0)
  })

  test('come every two seconds while it fails', async () => {
    const { watch, clock } = rig()
    let tries = 0
    watch.start(async () => {
      tries += 1
      if (tries === 4) watch.committed()
      else watch.failed(full)
    })
    await clock.advance(1000)
    watch.failed(full)
    await clock.advance(7_999)
    expect(tries).toBe(3)
    await clock.advance(1)
    expect([tries, watch.state().isWritable]).toEqual([4, true])
    await clock.advance(29_000)
    expect(tries).toBe(4)
  })
})

describe('a store that another program keeps locked', () => {
  async function usedStore(): Promise<OpenStore> {
    const store = await openStore()
    await store.sessions.commit([other('a')], [], () => nothing)
    return store
  }

  test('says so from the first commit that fails to the first that does not', async () => {
    const store = await usedStore()
    const locker = connect(store.dataDir)
    locker.exec('begin immediate')
    const commit = () =>
      store.sessions.commit([other('b')], [], () => ({
        sessions: [row('s1')],
        usage: [],
        emissions: [observation('x')],
      }))
    await expect(commit()).rejects.toThrow(/locked/)
    expect(store.storage()).toMatchObject({
      isWritable: false,
      failure: { message: 'database is locked' },
    })
    // What writes nothing shows nothing: a client that repeats what is stored, say.
    await expect(store.sessions.commit([other('a')], [], () => nothing)).rejects.toThrow(/locked/)
    locker.exec('rollback')
    await store.sessions.commit([other('a')], [], () => nothing)
    expect(store.storage().isWritable).toBe(false)
    await commit()
    expect(store.storage()).toMatchObject({ isWritable: true, lastCommitMs: AT_MS })
  })

  test('is not believed to have room because a mark still fits', async () => {
    const store = await usedStore()
    await store.sessions.commit([], [], () => ({ ...nothing, emissions: [observation('x')] }))
    const locker = connect(store.dataDir)
    locker.exec('begin immediate')
    expect(await store.check()).toMatchObject({ ok: false, error: 'database is locked' })
    locker.exec('rollback')
    await store.outbox.delivered([1])
    expect(store.storage().isWritable).toBe(false)
    expect(await store.check()).toEqual({ ok: true, value: undefined })
    expect(store.storage().isWritable).toBe(true)
    expect(store.rows('select * from probe')).toEqual([])
  })
})
