/** The bounds of the outbox, and retention, as time goes by. */
import { statSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openStore } from '../../../src/storage/open-store.ts'
import type { Store } from '../../../src/storage/store.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import {
  arrival,
  AT_MS,
  base,
  nothing,
  observation,
  origin,
  plainStates,
  row,
  type State,
} from './arrivals.ts'
import { langfuseOutbox, databaseIn, temporaryFolder, withDatabase } from './open-store.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

interface Rig {
  readonly store: Store<State>
  readonly clock: ManualClock
  readonly dataDir: string
  readonly errors: object[]
  readonly warnings: object[]
  count(table: string): number
}

async function open(bounds: {
  readonly retentionDays?: number
  readonly maxAgeDays?: number
  readonly maxBytes?: number
  readonly maxStoreBytes?: number
  readonly dataDir?: string
  readonly startMs?: number
  readonly hasDestination?: boolean
}): Promise<Rig> {
  const { retentionDays = 0, maxAgeDays = 0, maxBytes = 0, maxStoreBytes = 0 } = bounds
  const { dataDir = temporaryFolder(), startMs = AT_MS, hasDestination = true } = bounds
  const clock = createManualClock(startMs)
  const errors: object[] = []
  const warnings: object[] = []
  const opened = await openStore<State>({
    dataDir,
    clock,
    states: plainStates(),
    retentionMs: retentionDays * DAY_MS,
    maxBytes: maxStoreBytes,
    outbox: { maxAgeMs: maxAgeDays * DAY_MS, maxBytes },
    exporters: [
      { exporter: 'langfuse', kinds: ['observation', 'score'], isActive: hasDestination },
    ],
    log: { warn: (fields) => warnings.push(fields), error: (fields) => errors.push(fields) },
  })
  if (!opened.ok) throw new Error(opened.error.message)
  onTestFinished(() => opened.value.close())
  opened.value.upkeep.start()
  const count = (table: string) =>
    withDatabase(dataDir, (db) => db.prepare(`select count(*) from ${table}`).pluck().get())
  return {
    store: opened.value,
    clock,
    dataDir,
    errors,
    warnings,
    count: (table) => Number(count(table)),
  }
}

/** A prompt of a session, from a sender of its own, which is closed or stays open. */
async function keep(rig: Rig, sessionId: string, isOpen: boolean, text = 'x'): Promise<void> {
  const item = {
    ...base,
    kind: 'prompt',
    sessionId,
    dedupKey: sessionId,
    prompt: { text },
  } as const
  const resource = { ...origin.resource, sender: sessionId }
  const session = row(sessionId, { deadlineMs: isOpen ? AT_MS + 1 : undefined })
  await rig.store.sessions.commit([arrival(item, { origin: { ...origin, resource } })], [], () => ({
    ...nothing,
    sessions: [session],
  }))
}

describe('retention', () => {
  test('deletes closed sessions with all their rows, and nothing else', async () => {
    const rig = await open({ retentionDays: 10 })
    await keep(rig, 'old', false)
    await keep(rig, 'still open', true)
    await keep(rig, 'on its way', false)
    const emissions = [observation('late', { sessionKey: 'claude-code/on its way' })]
    await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions }))
    await rig.clock.advance(8 * DAY_MS)
    await keep(rig, 'young', false)
    await rig.clock.advance(3 * DAY_MS)
    // Something as old as that waits to be delivered.
    expect(rig.count('sessions')).toBe(4)
    await langfuseOutbox(rig.store).delivered([1])
    await rig.clock.advance(1.5 * DAY_MS)
    for (const table of ['sessions', 'record_batches', 'seen', 'prompts']) {
      expect([table, rig.count(table)]).toEqual([table, 2])
    }
  })

  test('deletes what waits with its session where there is nothing to deliver to', async () => {
    const rig = await open({ retentionDays: 1, hasDestination: false })
    await keep(rig, 'old', false)
    await keep(rig, 'open', true)
    const emissions = ['old', 'open', 'old'].map((id, n) =>
      observation(`${id} ${n}`, { sessionKey: `claude-code/${id}` }),
    )
    await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions }))
    await rig.clock.advance(3 * DAY_MS)
    expect([rig.count('sessions'), rig.count('outbox')]).toEqual([1, 1])
    expect(await langfuseOutbox(rig.store).stats()).toMatchObject({ pending: 1 })
  })

  test('a session that was deleted can begin again, from the same sender', async () => {
    const rig = await open({ retentionDays: 1 })
    await keep(rig, 'old', false)
    await rig.clock.advance(3 * DAY_MS)
    expect(rig.count('seen')).toBe(0)
    await keep(rig, 'old', false)
    expect([rig.count('sessions'), rig.count('seen'), rig.count('origins')]).toEqual([1, 1, 1])
  })

  test('deletes old alerts of days, and those of a session with the session', async () => {
    const rig = await open({ retentionDays: 2 })
    await keep(rig, 'open', true)
    const noted = (id: string, subject: string, atMs: number, sessionRef: number | null) =>
      withDatabase(rig.dataDir, (db) =>
        db
          .prepare(`insert into budget_alerts (id, scope, subject, date, threshold, limit_usd,
            spent_usd, created_ms, session_ref, webhook_attempts) values (?, 'x', ?, '', 80, 1, 1, ?, ?, 0)`)
          .run(id, subject, atMs, sessionRef),
      )
    noted('old day', 'a', AT_MS, null)
    noted('young day', 'b', AT_MS + 3 * DAY_MS, null)
    noted('of an open session', 'c', AT_MS, 1)
    await rig.clock.advance(4 * DAY_MS)
    const ids = () =>
      withDatabase(rig.dataDir, (db) =>
        db.prepare('select id from budget_alerts order by id').pluck().all(),
      )
    expect(ids()).toEqual(['of an open session', 'young day'])
    await keep(rig, 'open', false, 'more')
    await rig.clock.advance(4 * DAY_MS)
    expect(ids()).toEqual([])
  })

  test('gives the space back to the file system', async () => {
    const rig = await open({ retentionDays: 1 })
    for (let n = 0; n < 60; n += 1) await keep(rig, `s${n}`, false, 'x'.repeat(100_000))
    const bytes = () => {
      withDatabase(rig.dataDir, (db) => db.pragma('wal_checkpoint(TRUNCATE)'))
      return statSync(databaseIn(rig.dataDir)).size
    }
    const before = bytes()
    await rig.clock.advance(3 * DAY_MS)
    expect(bytes()).toBeLessThan(before / 2)
  })

  test('0 keeps for ever', async () => {
    const rig = await open({ retentionDays: 0 })
    await keep(rig, 'old', false)
    await rig.clock.advance(3 * DAY_MS)
    expect(rig.count('record_batches')).toBe(1)
  })
})

describe('retention and what was put back by command', () => {
  test('keeps an old session of which something waits again', async () => {
    const rig = await open({ retentionDays: 2 })
    await keep(rig, 'put back', false)
    await keep(rig, 'old', false)
    const emissions = [observation('o', { sessionKey: 'claude-code/put back' })]
    await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions }))
    await langfuseOutbox(rig.store).bury([1], 'HTTP 400')
    await rig.clock.advance(1.5 * DAY_MS)
    await rig.store.deadItems.retry('all', rig.clock.now())
    await rig.clock.advance(2 * DAY_MS)
    const keys = () =>
      withDatabase(rig.dataDir, (db) => db.prepare('select session_id from sessions').pluck().all())
    expect(keys()).toEqual(['put back'])
    await langfuseOutbox(rig.store).delivered([1])
    await rig.clock.advance(1.1 * DAY_MS)
    expect(keys()).toEqual([])
  })

  test('deletes what is dead and old behind very much that is not', async () => {
    const rig = await open({ retentionDays: 2 })
    const emissions = Array.from({ length: 500 }, (_, n) => observation(`o${n}`))
    await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions }))
    const ids = emissions.map((_, n) => n + 1)
    await langfuseOutbox(rig.store).bury(ids, 'HTTP 400')
    await rig.clock.advance(1.5 * DAY_MS)
    // Put back, and refused again: as old as that.
    await rig.store.deadItems.retry(ids.slice(0, 450), rig.clock.now())
    await langfuseOutbox(rig.store).bury(ids.slice(0, 450), 'HTTP 400')
    await rig.clock.advance(2 * DAY_MS)
    expect(await langfuseOutbox(rig.store).stats()).toMatchObject({ pending: 0, dead: 450 })
  })
})

describe('the size of the store', () => {
  const MB = 1_000_000
  const text = 'x'.repeat(200_000)

  /** Closed sessions of 200 kB each, a minute apart. */
  async function keepMany(rig: Rig, from: number, count: number): Promise<void> {
    for (let n = from; n < from + count; n += 1) {
      await keep(rig, `s${String(n).padStart(3, '0')}`, false, text)
      await rig.clock.advance(MINUTE_MS)
    }
  }

  /** The log is moved into the database by a thread, which has a clock of its own. */
  async function eventually(rig: Rig, holds: () => boolean | Promise<boolean>): Promise<void> {
    await vi.waitUntil(
      async () => {
        await rig.clock.advance(MINUTE_MS)
        return holds()
      },
      { timeout: 20_000, interval: 10 },
    )
  }

  /** Of the pages in use, without the log. */
  const pageBytes = ({ dataDir }: Rig) =>
    withDatabase(dataDir, (db) => {
      const number = (name: string) => Number(db.pragma(name, { simple: true }))
      return (number('page_count') - number('freelist_count')) * number('page_size')
    })

  const sessionIds = ({ dataDir }: Rig) =>
    withDatabase(dataDir, (db) =>
      db.prepare('select session_id from sessions order by id').pluck().all().map(String),
    )

  test('is kept within its bound: the closed sessions written longest ago go', async () => {
    const rig = await open({ maxStoreBytes: 8 * MB })
    await keep(rig, 'open', true, text)
    await keepMany(rig, 0, 60)
    await eventually(rig, async () => (await rig.store.size()).state === 'within')
    const left = sessionIds(rig)
    expect(left[0]).toBe('open')
    expect(left.at(-1)).toBe('s059')
    expect(left.length).toBeGreaterThan(20)
    expect(left.slice(1)).toEqual(
      Array.from(
        { length: left.length - 1 },
        (_, n) => `s${String(61 - left.length + n).padStart(3, '0')}`,
      ),
    )
    const size = await rig.store.size()
    expect(size).toMatchObject({ maxBytes: 8 * MB, state: 'within', waitingSessions: 0 })
    expect(pageBytes(rig)).toBeLessThanOrEqual(8 * MB)
    expect(pageBytes(rig)).toBeGreaterThan(4 * MB)
    expect(size.droppedSessions).toBe(61 - left.length)
    expect(rig.errors).toEqual([])
    // Not with every session: a tenth was made free each time.
    expect(rig.warnings.length).toBeGreaterThan(1)
    expect(rig.warnings.length).toBeLessThan(size.droppedSessions / 2)
    for (const table of ['record_batches', 'seen', 'prompts']) {
      expect([table, rig.count(table)]).toEqual([table, left.length])
    }
  })

  test('is given back to the file system', async () => {
    const rig = await open({})
    await keepMany(rig, 0, 60)
    await rig.store.close()
    const before = statSync(databaseIn(rig.dataDir)).size
    expect(before).toBeGreaterThan(12 * MB)
    const bounded = await open({
      dataDir: rig.dataDir,
      startMs: rig.clock.now(),
      maxStoreBytes: 4 * MB,
    })
    await eventually(bounded, () => {
      withDatabase(rig.dataDir, (db) => db.pragma('wal_checkpoint(TRUNCATE)'))
      // Two megabytes stay for the next records.
      return statSync(databaseIn(rig.dataDir)).size < 7 * MB
    })
  })

  test('counts what was deleted over restarts', async () => {
    const rig = await open({ maxStoreBytes: 4 * MB })
    await keepMany(rig, 0, 30)
    await eventually(rig, async () => (await rig.store.size()).droppedSessions > 5)
    await eventually(rig, async () => (await rig.store.size()).state === 'within')
    const { droppedSessions } = await rig.store.size()
    await rig.store.close()
    const again = await open({ dataDir: rig.dataDir })
    expect(await again.store.size()).toMatchObject({
      maxBytes: 0,
      state: 'within',
      droppedSessions,
    })
  })

  test('is told when all that is left is open, without trying for ever', async () => {
    const rig = await open({ maxStoreBytes: 3 * MB })
    for (let n = 0; n < 30; n += 1) await keep(rig, `open ${n}`, true, text)
    await eventually(rig, async () => (await rig.store.size()).state === 'full')
    expect(sessionIds(rig)).toHaveLength(30)
    expect(await rig.store.size()).toMatchObject({ waitingSessions: 0, droppedSessions: 0 })
    await rig.clock.advance(10 * MINUTE_MS)
    expect(rig.errors).toEqual([expect.objectContaining({ maxBytes: 3 * MB, waitingSessions: 0 })])
    expect(rig.clock.pendingTimers()).toBe(1)
    for (let n = 0; n < 30; n += 1) await keep(rig, `open ${n}`, false, 'closed')
    await eventually(rig, async () => (await rig.store.size()).state === 'within')
    expect(sessionIds(rig).length).toBeLessThan(20)
    expect(sessionIds(rig).length).toBeGreaterThan(2)
  })

  test('waits for sessions of which something waits for Langfuse, and says so', async () => {
    const rig = await open({ maxStoreBytes: 4 * MB })
    const waiting = ['s000', 's001', 's002']
    const emissions = waiting.map((id) => observation(id, { sessionKey: `claude-code/${id}` }))
    await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions }))
    await keepMany(rig, 0, 30)
    await eventually(rig, async () => (await rig.store.size()).state === 'within')
    expect(sessionIds(rig).slice(0, 4)).toEqual([...waiting, expect.not.stringMatching('s003')])

    // Everything that is left waits: nothing may go.
    const left = sessionIds(rig)
    const more = left.map((id) => observation(id, { sessionKey: `claude-code/${id}` }))
    await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions: more }))
    for (let n = 0; n < 30; n += 1) await keep(rig, `open ${n}`, true, text)
    await eventually(rig, async () => (await rig.store.size()).state === 'full')
    expect(await rig.store.size()).toMatchObject({ waitingSessions: left.length })
    await rig.clock.advance(10 * MINUTE_MS)
    expect(rig.errors).toEqual([expect.objectContaining({ waitingSessions: left.length })])
    expect(sessionIds(rig)).toHaveLength(left.length + 30)

    const due = await langfuseOutbox(rig.store).due(rig.clock.now(), 1000, 1e9)
    await langfuseOutbox(rig.store).delivered(due.map(({ id }) => id))
    await eventually(rig, () => sessionIds(rig).length === 30)
  })

  test('waits for nothing where there is nothing to deliver to', async () => {
    const rig = await open({ maxStoreBytes: 4 * MB, hasDestination: false })
    for (let n = 0; n < 30; n += 1) {
      const sessionKey = `claude-code/s${String(n).padStart(3, '0')}`
      const emissions = [observation(`${n}`, { sessionKey })]
      await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions }))
      await keepMany(rig, n, 1)
    }
    await eventually(rig, async () => (await rig.store.size()).state === 'within')
    expect(sessionIds(rig).length).toBeLessThan(20)
    expect(rig.count('outbox')).toBe(sessionIds(rig).length)
  })

  test('0 is no bound', async () => {
    const rig = await open({ maxStoreBytes: 0 })
    await keepMany(rig, 0, 30)
    expect(sessionIds(rig)).toHaveLength(30)
    expect(await rig.store.size()).toMatchObject({
      maxBytes: 0,
      state: 'within',
      droppedSessions: 0,
    })
  })

  test('whoever remembers sums is told', async () => {
    const rig = await open({ maxStoreBytes: 4 * MB })
    let told = 0
    rig.store.onDeleted(() => {
      told += 1
    })
    await keepMany(rig, 0, 10)
    expect(told).toBe(0)
    await keepMany(rig, 10, 20)
    await eventually(rig, () => told > 0)
  })
})

describe('the outbox', () => {
  async function put(rig: Rig, ...keys: string[]): Promise<void> {
    const emissions = keys.map((key) => observation(key))
    await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions }))
  }

  async function pending({ store, clock }: Rig): Promise<string[]> {
    const due = await langfuseOutbox(store).due(clock.now(), 1000, 1_000_000_000)
    return due.map(({ emission }) => emission.key)
  }

  test('puts aside what has waited for too long, and says so', async () => {
    const rig = await open({ maxAgeDays: 2 })
    await put(rig, 'old')
    await rig.clock.advance(DAY_MS)
    await put(rig, 'young')
    await rig.clock.advance(1.5 * DAY_MS)
    expect(await pending(rig)).toEqual(['young'])
    expect(await langfuseOutbox(rig.store).stats()).toMatchObject({ pending: 1, dead: 1 })
    expect(rig.errors).toEqual([{ expired: 1, dropped: 0 }])
    expect(await rig.store.upkeep.dropped()).toBe(0)
  })

  const itemBytes = Buffer.byteLength(JSON.stringify(observation('1')))

  test('drops dead items first, then the oldest, and counts them', async () => {
    const rig = await open({ maxBytes: 2 * itemBytes })
    await put(rig, '1', '2', '3')
    await langfuseOutbox(rig.store).bury([2], 'refused')
    await rig.clock.advance(MINUTE_MS)
    expect(await pending(rig)).toEqual(['1', '3'])
    await put(rig, '4')
    await rig.clock.advance(2 * MINUTE_MS)
    expect(await pending(rig)).toEqual(['3', '4'])
    expect(await rig.store.upkeep.dropped()).toBe(2)
    expect(rig.errors).toEqual([
      { expired: 0, dropped: 1 },
      { expired: 0, dropped: 1 },
    ])
  })
})
