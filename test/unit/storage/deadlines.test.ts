/** Which sessions are open, and when they want their next tick. */
import { describe, expect, test } from 'vitest'
import { nothing, other, row } from './arrivals.ts'
import { openStore } from './open-store.ts'

async function storeWithSessions() {
  const store = await openStore()
  const sessions = [
    row('late', { deadlineMs: 300, lastMs: 10 }),
    row('closed', { closeReason: 'idle', lastMs: 1 }),
    row('early', { deadlineMs: 100, lastMs: 30 }),
    row('middle', { deadlineMs: 200.5, lastMs: 20 }),
  ]
  const arrivals = [other('a', 'never folded')]
  await store.sessions.commit(arrivals, [], () => ({ ...nothing, sessions }))
  return store.sessions
}

describe('deadlines', () => {
  test.each([
    { nowMs: 99, limit: 10, due: [] },
    { nowMs: 100, limit: 10, due: ['early'] },
    { nowMs: 200, limit: 10, due: ['early'] },
    { nowMs: 1000, limit: 10, due: ['early', 'middle', 'late'] },
    { nowMs: 1000, limit: 2, due: ['early', 'middle'] },
  ])('due at $nowMs, at most $limit: $due', async ({ nowMs, limit, due }) => {
    const sessions = await storeWithSessions()
    expect(await sessions.dueSessions(nowMs, limit)).toEqual(due.map((id) => `claude-code/${id}`))
  })

  test('the next is the earliest, and moves when that session does', async () => {
    const sessions = await storeWithSessions()
    expect(await sessions.nextDeadline()).toBe(100)
    const moved = row('early', { deadlineMs: 250 })
    await sessions.commit([], [], () => ({ ...nothing, sessions: [moved] }))
    expect(await sessions.nextDeadline()).toBe(200.5)
  })

  test('there is none when no session is open', async () => {
    const { sessions } = await openStore()
    expect(await sessions.nextDeadline()).toBeUndefined()
    expect(await sessions.dueSessions(Number.MAX_SAFE_INTEGER, 10)).toEqual([])
    expect(await sessions.countOpenSessions()).toBe(0)
  })
})

describe('open sessions', () => {
  test('are those with a deadline, longest quiet first', async () => {
    const sessions = await storeWithSessions()
    expect(await sessions.countOpenSessions()).toBe(3)
    expect(await sessions.openSessions(10)).toEqual([
      'claude-code/late',
      'claude-code/middle',
      'claude-code/early',
    ])
    expect(await sessions.openSessions(1)).toEqual(['claude-code/late'])
  })

  test('are told in that order while they are heard of and closed, however many there are', async () => {
    const { sessions } = await openStore()
    const rows = Array.from({ length: 1500 }, (_, n) =>
      row(`s${n}`, { deadlineMs: 9000, lastMs: 10_000 + ((n * 7) % 1500) }),
    )
    await sessions.commit([], [], () => ({ ...nothing, sessions: rows }))
    let left = [...rows].sort((a, b) => a.lastMs - b.lastMs)
    for (let sweep = 0; sweep < 14; sweep += 1) {
      const expected = left.slice(0, 100)
      expect(await sessions.openSessions(100)).toEqual(expected.map(({ key }) => key))
      const closed = expected.map((one) => ({ ...one, deadlineMs: undefined }))
      // The next one is heard of before it is its turn.
      const [, ...others] = left.slice(100)
      const heard = { ...(left[100] ?? row('none')), lastMs: 50_000 + sweep }
      left = [...others, heard]
      await sessions.commit([], [], () => ({ ...nothing, sessions: [...closed, heard] }))
    }
    expect(await sessions.countOpenSessions()).toBe(100)
  })

  test('are left by closing and joined again by a new deadline', async () => {
    const sessions = await storeWithSessions()
    const change = [row('late', { closeReason: 'limit' }), row('closed', { deadlineMs: 7 })]
    await sessions.commit([], [], () => ({ ...nothing, sessions: change }))
    expect(await sessions.openSessions(10)).toEqual([
      'claude-code/middle',
      'claude-code/early',
      'claude-code/closed',
    ])
  })
})
