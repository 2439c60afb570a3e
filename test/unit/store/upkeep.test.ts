/** The bounds of the outbox, and retention, as time goes by. */
import { statSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSqliteStore } from '../../../src/store/sqlite-store.ts'
import type { Store } from '../../../src/store/store.ts'
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
import { databaseIn, temporaryFolder, withDatabase } from './open-store.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

interface Rig {
  readonly store: Store<State>
  readonly clock: ManualClock
  readonly dataDir: string
  readonly errors: object[]
  count(table: string): number
}

async function open(bounds: {
  readonly retentionDays?: number
  readonly maxAgeDays?: number
  readonly maxBytes?: number
}): Promise<Rig> {
  const { retentionDays = 0, maxAgeDays = 0, maxBytes = 0 } = bounds
  const dataDir = temporaryFolder()
  const clock = createManualClock(AT_MS)
  const errors: object[] = []
  const opened = await createSqliteStore<State>({
    dataDir,
    clock,
    states: plainStates(),
    retentionMs: retentionDays * DAY_MS,
    outbox: { maxAgeMs: maxAgeDays * DAY_MS, maxBytes },
    log: { warn: () => {}, error: (fields) => errors.push(fields) },
  })
  if (!opened.ok) throw new Error(opened.error.message)
  onTestFinished(() => opened.value.close())
  opened.value.upkeep.start()
  const count = (table: string) =>
    withDatabase(dataDir, (db) => db.prepare(`select count(*) from ${table}`).pluck().get())
  return { store: opened.value, clock, dataDir, errors, count: (table) => Number(count(table)) }
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
    await rig.store.outbox.delivered([1])
    await rig.clock.advance(1.5 * DAY_MS)
    for (const table of ['sessions', 'record_batches', 'seen', 'prompts']) {
      expect([table, rig.count(table)]).toEqual([table, 2])
    }
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

describe('the outbox', () => {
  async function put(rig: Rig, ...keys: string[]): Promise<void> {
    const emissions = keys.map((key) => observation(key))
    await rig.store.sessions.commit([], [], () => ({ ...nothing, emissions }))
  }

  async function pending({ store, clock }: Rig): Promise<string[]> {
    const due = await store.outbox.due(clock.now(), 1000, 1_000_000_000)
    return due.map(({ emission }) => emission.key)
  }

  test('puts aside what has waited for too long, and says so', async () => {
    const rig = await open({ maxAgeDays: 2 })
    await put(rig, 'old')
    await rig.clock.advance(DAY_MS)
    await put(rig, 'young')
    await rig.clock.advance(1.5 * DAY_MS)
    expect(await pending(rig)).toEqual(['young'])
    expect(await rig.store.outbox.stats()).toMatchObject({ pending: 1, dead: 1 })
    expect(rig.errors).toEqual([{ expired: 1, dropped: 0 }])
    expect(rig.store.upkeep.dropped()).toBe(0)
  })

  const itemBytes = Buffer.byteLength(JSON.stringify(observation('1')))

  test('drops dead items first, then the oldest, and counts them', async () => {
    const rig = await open({ maxBytes: 2 * itemBytes })
    await put(rig, '1', '2', '3')
    await rig.store.outbox.bury([2], 'refused')
    await rig.clock.advance(MINUTE_MS)
    expect(await pending(rig)).toEqual(['1', '3'])
    await put(rig, '4')
    await rig.clock.advance(2 * MINUTE_MS)
    expect(await pending(rig)).toEqual(['3', '4'])
    expect(rig.store.upkeep.dropped()).toBe(2)
    expect(rig.errors).toEqual([
      { expired: 0, dropped: 1 },
      { expired: 0, dropped: 1 },
    ])
  })
})
