/** Sessions in which nothing happened are in no list and no count, unless they are asked for. */
import { expect, test } from 'vitest'
import { facetsOf } from '../../../src/reports/facets.ts'
import { letOthersRun } from '../../../src/reports/pause.ts'
import { ask, askAll, askList, MONDAY_MS, openUsageStore, type UsageStore } from './stored-usage.ts'

async function openTwo(): Promise<UsageStore> {
  const given = await openUsageStore()
  const activity = [{ measure: 'session_start', facet: 'continue', value: 1 }] as const
  const open = { deadlineMs: MONDAY_MS + 1 }
  await given.use('empty', {
    atMs: MONDAY_MS,
    activity,
    session: { isEmpty: true, userId: 'nobody', ...open },
  })
  await given.use('full', {
    atMs: MONDAY_MS,
    activity,
    models: [{ costUsd: 1 }],
    session: { isEmpty: false, userId: 'ada', costUsd: 1, ...open },
  })
  return given
}

test('lists have those in which something happened', async () => {
  const { reports } = await openTwo()
  const idsOf = async (change: Parameters<typeof askList>[0]) => {
    const list = await reports.sessions(askList(change))
    return list.ok ? list.value.sessions.map(({ sessionId }) => sessionId).sort() : []
  }
  expect(await idsOf({})).toEqual(['full'])
  expect(await idsOf({ state: 'open' })).toEqual(['full'])
  expect(await idsOf({ search: 'nobody' })).toEqual([])
  expect(await idsOf({ empty: 'shown' })).toEqual(['empty', 'full'])
  expect(await idsOf({ empty: 'shown', search: 'nobody' })).toEqual(['empty'])
})

test('sums, menus and budgets count those', async () => {
  const { reports, reader } = await openTwo()
  const overview = await reports.overview(ask())
  expect(overview.totals).toMatchObject({ sessions: 1, costUsd: 1 })
  expect(overview.series).toMatchObject([{ sessions: 1 }])
  expect(overview.byUser.map(({ name, sessions }) => [name, sessions])).toEqual([['ada', 1]])
  expect((await facetsOf(reader, askAll(), letOthersRun)).users).toEqual(['ada'])
  const budgets = await reader.budgets.sessions({ sinceMs: 0, leastUsd: 0, limit: 9 })
  expect(budgets.map(({ key }) => key)).toEqual(['claude-code/full'])
})

test('one of them is found by its key', async () => {
  const { reports } = await openTwo()
  expect((await reports.session('claude-code/empty'))?.session.sessionId).toBe('empty')
})

test('it is there as soon as something happens in it', async () => {
  const { reports, use } = await openTwo()
  await use('empty', { atMs: MONDAY_MS, models: [{}] })
  const list = await reports.sessions(askList())
  expect(list.ok && list.value.sessions.length).toBe(2)
})
