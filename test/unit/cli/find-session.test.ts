/** Sessions by the beginning of an id. */
import { expect, test } from 'vitest'
import { findSession, selectSessions } from '../../../src/cli/find-session.ts'
import { ok } from '../../../src/domain/result.ts'
import type { SessionListQuery, SessionRow } from '../../../src/api/contract/session-list.ts'

const row = (sessionId: string, title: string | null = null): SessionRow => ({
  key: `claude-code/${sessionId}`,
  agent: 'claude-code',
  sessionId,
  title,
  userId: null,
  project: null,
  team: null,
  isOpen: false,
  closeReason: 'idle',
  firstMs: 0,
  lastMs: 0,
  costUsd: 0,
  estimatedUsd: 0,
  metricsUsd: 0,
  unpricedCalls: 0,
  tokens: { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 },
  prompts: 0,
  modelCalls: 0,
  toolResults: 0,
  errors: 0,
})

const stored = [row('abc1'), row('abc2'), row('abc'), row('xyz', 'about abd'), row('uvw')]

/** Finds what the store would, two a page. */
const lists = {
  sessions: async ({ search, cursor = '0' }: SessionListQuery) => {
    const found = stored.filter(({ key, title }) => `${key} ${title}`.includes(search))
    const from = Number(cursor)
    const nextCursor = from + 2 < found.length ? String(from + 2) : null
    return ok({ sessions: found.slice(from, from + 2), nextCursor, total: found.length })
  },
}

test.each([
  ['x', 'xyz'],
  ['xyz', 'xyz'],
  ['claude-code/u', 'uvw'],
  // A whole id goes before those that only begin with it.
  ['abc', 'abc'],
  ['abc2', 'abc2'],
])('%s is %s', async (beginning, sessionId) => {
  expect(await findSession(lists, beginning)).toMatchObject({ ok: true, value: { sessionId } })
})

test.each([
  ['ab', /^"ab" matches more than one session: abc1, abc2, abc$/],
  ['abd', /^no session id starts with "abd"$/],
  ['nothing', /^no session id starts with "nothing"$/],
])('%s is explained', async (beginning, says) => {
  expect(await findSession(lists, beginning)).toMatchObject({
    ok: false,
    error: { messages: [expect.stringMatching(says)] },
  })
})

test('an id that several owners use is no one session, with or without activity; a key is', async () => {
  const id = '11111111-0000-4000-8000-000000000001'
  const keys = ['claude-code', 'claude-code@red', 'claude-code@blue'].map((of) => `${of}/${id}`)
  const shared = keys.map((key) => ({ ...row(id), key }))
  const eventful = new Set([keys[0], keys[1]])
  const owned = {
    sessions: async ({ empty }: SessionListQuery) => {
      const isShown = ({ key }: SessionRow) => empty === 'shown' || eventful.has(key)
      const sessions = [...shared.filter(isShown), row(`${id}2`)]
      return ok({ sessions, nextCursor: null, total: sessions.length })
    },
  }
  expect(await findSession(owned, id)).toEqual({
    ok: false,
    error: {
      messages: [`"${id}" matches more than one session: ${keys.join(', ')}`],
      next: 'Give the key of the one you mean.',
    },
  })
  for (const key of keys) {
    expect(await findSession(owned, key)).toMatchObject({ ok: true, value: { key } })
  }
  expect(await findSession(owned, `claude-code@r`)).toMatchObject({ value: { key: keys[1] } })
  // Of those that only begin so, one in which nothing happened is not meant.
  expect(await findSession(owned, `claude-code@`)).toMatchObject({ value: { key: keys[1] } })
  expect(await selectSessions(owned, [id], { attribute: [] })).toMatchObject({ ok: false })
})

test('none named are all, the oldest first; named twice is once', async () => {
  const ids = async (...beginnings: string[]) => {
    const selected = await selectSessions(lists, beginnings, { attribute: [] })
    return selected.ok && selected.value.map(({ sessionId }) => sessionId)
  }
  expect(await ids()).toEqual(['uvw', 'xyz', 'abc', 'abc2', 'abc1'])
  expect(await ids('u', 'x', 'uvw')).toEqual(['uvw', 'xyz'])
  expect(await ids('u', 'nothing')).toBe(false)
})
