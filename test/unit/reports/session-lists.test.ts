/** The list: order, pages, filters and search. */
import { describe, expect, test } from 'vitest'
import type { SessionListQuery } from '../../../src/api/contract/session-list.ts'
import { askList, MONDAY_MS, openUsageStore, type UsageStore } from './stored-usage.ts'

/** Five sessions, of which every order is another one. */
async function openFive(): Promise<UsageStore> {
  const given = await openUsageStore()
  const sessions = [
    ['a', 5, 10, 3, 2, 'fix the 100% case'],
    ['b', 1, 40, 3, 9, 'Rename a_b everywhere'],
    ['c', 3, 20, 1, 0, 'rename axb, too'],
    ['d', 2, 90, 8, 4, undefined],
    ['e', 4, 5, 3, 1, 'ÄRGER with umlauts'],
  ] as const
  for (const [id, startMin, lengthMin, costUsd, errors, prompt] of sessions) {
    const firstMs = MONDAY_MS + startMin * 60_000
    await given.use(id, {
      atMs: firstMs,
      session: {
        firstMs,
        lastMs: firstMs + lengthMin * 60_000,
        costUsd,
        errors,
        inputTokens: errors * 10,
        deadlineMs: id === 'c' ? firstMs : undefined,
        title: `session ${id}`,
        userId: `${id}@example.com`,
        project: id < 'c' ? 'shop' : 'site',
      },
      attributes: { 'crow.session.id': `crow-${id}` },
      ...(prompt !== undefined && { prompt }),
    })
  }
  return given
}

async function idsOf({ reports }: UsageStore, change: Partial<SessionListQuery>): Promise<string> {
  const list = await reports.sessions(askList(change))
  if (!list.ok) throw new Error(list.error)
  return list.value.sessions.map(({ sessionId }) => sessionId).join('')
}

describe('the list of sessions', () => {
  test.each([
    ['last', 'dbcae'],
    ['first', 'aecdb'],
    ['cost', 'debac'],
    ['tokens', 'bdaec'],
    ['duration', 'dbcae'],
    ['errors', 'bdaec'],
  ] as const)('is ordered by %s, either way', async (sort, expected) => {
    const given = await openFive()
    expect(await idsOf(given, { sort })).toBe(expected)
    const reversed = expected.split('').reverse().join('')
    expect(await idsOf(given, { sort, order: 'asc' })).toBe(reversed)
  })

  test.each([
    { sort: 'cost' },
    { sort: 'cost', order: 'asc' },
    { sort: 'last', search: 'example.com' },
    { sort: 'errors', search: 'se', order: 'asc' },
  ] as const)('comes page by page without losing or doubling one: %o', async (change) => {
    const given = await openFive()
    const whole = await idsOf(given, change)
    let pages = ''
    let cursor: string | undefined
    do {
      const query = askList({ ...change, limit: 2, ...(cursor !== undefined && { cursor }) })
      const page = await given.reports.sessions(query)
      if (!page.ok) throw new Error(page.error)
      pages += page.value.sessions.map(({ sessionId }) => sessionId).join('')
      cursor = page.value.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(pages).toBe(whole)
    expect(pages).toHaveLength(5)
  })

  test.each([
    [{ project: 'shop' }, 'ab'],
    [{ user: 'c@example.com' }, 'c'],
    [{ state: 'open' }, 'c'],
    [{ state: 'closed' }, 'abde'],
    [{ from: MONDAY_MS + 30 * 60_000 }, 'bd'],
    [{ to: MONDAY_MS + 3 * 60_000 }, 'bd'],
    [{ attribute: ['crow.session.id=crow-e'] }, 'e'],
    [{ attribute: ['service.name=claude-code'], project: 'site' }, 'cde'],
  ] as const)('is filtered by %o', async (change, expected) => {
    const ids = await idsOf(await openFive(), change as Partial<SessionListQuery>)
    expect(ids.split('').sort().join('')).toBe(expected)
  })

  test.each([
    ['session', 'abcde'],
    ['SESSION D', 'd'],
    ['b@exam', 'b'],
    ['crow-c', 'c'],
    ['rename', 'bc'],
    // Neither of these characters stands for others.
    ['a_b', 'b'],
    ['100%', 'a'],
    ['\\', ''],
    ['umlauts', 'e'],
    ['nowhere', ''],
  ])('finds %s in ids, titles, people, attributes and prompts', async (search, expected) => {
    const ids = await idsOf(await openFive(), { search })
    expect(ids.split('').sort().join('')).toBe(expected)
  })

  test.each(['', 'nonsense', 'WyJ4Iiwx', Buffer.from('["x",1,2]').toString('base64url')])(
    'refuses the cursor %j',
    async (cursor) => {
      const { reports } = await openFive()
      expect(await reports.sessions(askList({ cursor }))).toEqual({
        ok: false,
        error: 'bad_cursor',
      })
    },
  )

  test('refuses a cursor of another question', async () => {
    const { reports } = await openFive()
    const page = await reports.sessions(askList({ limit: 2 }))
    const cursor = page.ok ? (page.value.nextCursor ?? '') : ''
    expect((await reports.sessions(askList({ cursor, limit: 3 }))).ok).toBe(true)
    expect((await reports.sessions(askList({ cursor, sort: 'cost' }))).ok).toBe(false)
    expect((await reports.sessions(askList({ cursor, project: 'shop' }))).ok).toBe(false)
  })
})
