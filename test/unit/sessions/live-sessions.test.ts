/** Which states of sessions are kept in memory. */
import { expect, test } from 'vitest'
import type { CloseReason } from '../../../src/domain/session-control.ts'
import { createLiveSessions } from '../../../src/sessions/live-sessions.ts'
import { newSession, type SessionState } from '../../../src/sessions/state.ts'

function state(id: string, closed?: CloseReason): SessionState {
  const session = newSession(`a/${id}`, { agent: 'a', sessionId: id, timeMs: 1 }, 1)
  return { ...session, closed }
}

test('keeps open sessions, and the last closed ones', () => {
  const live = createLiveSessions()
  for (const id of ['o1', 'o2']) live.put(state(id))
  for (let at = 0; at < 100; at += 1) live.put(state(`c${at}`, 'imported'))
  const held = (id: string) => live.get(`a/${id}`) !== undefined
  expect(['o1', 'o2', 'c99', 'c98'].filter(held)).toEqual(['o1', 'o2', 'c99', 'c98'])
  expect(held('c90')).toBe(false)
  expect(live.bytesOf('a/c0')).toBeUndefined()
  expect(live.bytesOf('a/c99')).toBeGreaterThan(0)
  live.forget(['a/c99', 'a/o1'])
  expect(['o1', 'o2', 'c99', 'c98'].filter(held)).toEqual(['o2', 'c98'])
})

test('counts a session as opened when it was not open before', () => {
  const live = createLiveSessions()
  live.put(state('s'))
  live.put(state('s'))
  expect(live.newlyOpened()).toBe(1)
  live.put(state('s', 'session_end'))
  expect(live.newlyOpened()).toBe(0)
  live.put(state('s'))
  live.put(state('other', 'imported'))
  expect(live.newlyOpened()).toBe(1)
})
