/** What is remembered of past days is never older than what was committed. */
import { expect, test } from 'vitest'
import { usageQuery } from '../../../src/api/contract/usage.ts'
import { createUsageSlices, REMEMBERED_OF_REPLICA_MS } from '../../../src/reports/usage-slices.ts'
import { ask, DAY_MS, MONDAY_MS, NOW_MS, openUsageStore } from './stored-usage.ts'

const WEEK = { from: MONDAY_MS, to: MONDAY_MS + 7 * DAY_MS }

test('what comes late to a day that was asked for already counts', async () => {
  const { reports, use } = await openUsageStore()
  const cost = async () => (await reports.overview(ask(WEEK))).totals.costUsd
  await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }] })
  expect(await cost()).toBe(1)
  await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 2 }] })
  expect(await cost()).toBe(3)
  await use('s2', { atMs: MONDAY_MS + DAY_MS, models: [{ costUsd: 4 }] })
  expect(await cost()).toBe(7)
})

test('a day is read once while nothing is added to it', async () => {
  const { reports, reader, use, slices } = await openUsageStore()
  let reads = 0
  const { usage } = reader
  const readerOf = usage.reader.bind(usage)
  usage.reader = (filter) => {
    const read = readerOf(filter)
    return (span) => {
      reads += 1
      return read(span)
    }
  }
  await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }] })
  await use('s1', { atMs: MONDAY_MS + 2 * DAY_MS, models: [{ costUsd: 1 }] })
  await reports.overview(ask(WEEK))
  expect(reads).toBe(2)
  await reports.overview(ask({ ...WEEK, bucket: 'week' }))
  expect(reads).toBe(2)
  slices.clear()
  await reports.overview(ask(WEEK))
  expect(reads).toBe(4)
})

test('a group by a further attribute reads no usage again, and forgets no rows', async () => {
  const { reports, reader, use, slices } = await openUsageStore()
  let reads = 0
  const { usage } = reader
  const readerOf = usage.reader.bind(usage)
  usage.reader = (filter) => {
    const read = readerOf(filter)
    return (span) => {
      reads += 1
      return read(span)
    }
  }
  const asked = async (group: string) =>
    (await reports.usage(usageQuery.parse({ ...WEEK, group, tz: 'UTC' }))).rows.map(
      ({ names, costUsd }) => [...names, costUsd],
    )
  const [red, blue] = [{ department: 'red', cost_center: '1' }, { department: 'blue' }]
  await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }], attributes: red })
  await use('s2', { atMs: MONDAY_MS + DAY_MS, models: [{ costUsd: 2 }], attributes: blue })
  expect(await asked('cost-centre')).toEqual([
    [null, 2],
    ['1', 1],
  ])
  expect(reads).toBe(2)
  for (let n = 0; n < 2; n += 1) {
    expect(await asked('resource:department,cost-centre')).toEqual([
      ['blue', null, 2],
      ['red', '1', 1],
    ])
    expect(await asked('resource:nothing')).toEqual([[null, 3]])
    expect(await asked('user')).toEqual([[null, 3]])
  }
  expect(reads).toBe(2)
  await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 4 }] })
  slices.changed([{ bucketMs: MONDAY_MS }])
  expect(await asked('resource:department')).toEqual([
    ['red', 5],
    ['blue', 2],
  ])
  expect(reads).toBe(3)
})

test('what is added to a day while it is read is not forgotten', async () => {
  const { reports, reader, use } = await openUsageStore()
  const cost = async () => (await reports.overview(ask(WEEK))).totals.costUsd
  await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }] })
  const { usage } = reader
  const readerOf = usage.reader.bind(usage)
  usage.reader = (filter) => async (span) => {
    const slice = await readerOf(filter)(span)
    await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 2 }] })
    return slice
  }
  expect(await cost()).toBe(1)
  usage.reader = readerOf
  expect(await cost()).toBe(3)
})

test('today is always read', async () => {
  const { reports, use } = await openUsageStore()
  await use('s1', { atMs: NOW_MS, models: [{ costUsd: 1 }] })
  const query = ask({ from: NOW_MS, to: NOW_MS + DAY_MS })
  expect((await reports.overview(query)).totals.costUsd).toBe(1)
  await use('s1', { atMs: NOW_MS, models: [{ costUsd: 1 }] })
  expect((await reports.overview(query)).totals.costUsd).toBe(2)
})

test('a session in which something happens later counts from its beginning on', async () => {
  const { reports, use, slices } = await openUsageStore()
  const start = [{ measure: 'session_start', facet: 'continue', value: 1 }] as const
  const sessions = async () => (await reports.overview(ask(WEEK))).totals.sessions
  await use('s1', { atMs: MONDAY_MS, activity: start, session: { isEmpty: true } })
  expect(await sessions()).toBe(0)
  await use('s1', { atMs: NOW_MS, models: [{ costUsd: 1 }], session: { firstMs: MONDAY_MS } })
  expect(await sessions()).toBe(0)
  slices.regrouped({ fromMs: MONDAY_MS, toMs: NOW_MS })
  expect(await sessions()).toBe(1)
})

test('where a replica of the database is read, a day is remembered for a minute', async () => {
  const { reader, use } = await openUsageStore()
  await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }] })
  let nowMs = NOW_MS
  let reads = 0
  const { usage } = reader
  const counted = {
    ...usage,
    nextBucket: (fromMs: number) => usage.nextBucket(fromMs),
    reader: (...args: Parameters<typeof usage.reader>) => {
      const read = usage.reader(...args)
      return (span: Parameters<typeof read>[0]) => {
        reads += 1
        return read(span)
      }
    },
  }
  const rememberedForMs = REMEMBERED_OF_REPLICA_MS
  const slices = createUsageSlices({ usage: counted, now: () => nowMs, rememberedForMs })
  const day = { fromMs: MONDAY_MS, toMs: MONDAY_MS + DAY_MS }
  const read = () => slices.read({ attributes: [] }, day, () => day)
  await read()
  nowMs += REMEMBERED_OF_REPLICA_MS - 1
  await read()
  expect(reads).toBe(1)
  nowMs += 1
  await read()
  expect(reads).toBe(2)
})
