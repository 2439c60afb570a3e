/** Figures that an earlier version stored and that cannot be true: they count as unknown. */
import { describe, expect, test } from 'vitest'
import { facetsOf } from '../../../src/reports/facets.ts'
import { letOthersRun } from '../../../src/reports/pause.ts'
import { overviewAnswer } from '../../../src/api/contract/overview.ts'
import { sessionListAnswer } from '../../../src/api/contract/session-list.ts'
import { withDatabase } from '../storage/open-store.ts'
import {
  ask,
  askAll,
  askList,
  DAY_MS,
  HOUR_MS,
  MONDAY_MS,
  NOW_MS,
  openUsageStore,
  type UsageStore,
} from './stored-usage.ts'

const AT_MS = MONDAY_MS + 10 * HOUR_MS
/** As a connection stores them; NaN is null there. */
const POISONS = [1e308, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, Number.NaN]

/** Two sessions alike; then one row of each table of the second is poisoned. */
async function poisonedStore(poison: number): Promise<UsageStore> {
  const found = await openUsageStore()
  const session = { costUsd: 0.1, inputTokens: 7, modelCalls: 1, project: 'p' }
  for (const id of ['sound', 'poisoned']) {
    await found.use(id, {
      atMs: AT_MS,
      session: { ...session, userId: id },
      models: [{ costUsd: 0.1, inputTokens: 7, durationMs: 5 }],
      tools: [{ durationMs: 100 }],
      activity: [{ measure: 'active_time_s', facet: 'user', value: 0.1 }],
    })
  }
  withDatabase(found.store.dataDir, (database) => {
    const ofPoisoned = "(select id from sessions where session_id = 'poisoned')"
    for (const [table, columns] of Object.entries({
      model_usage: ['cost_usd', 'input_tokens', 'output_tokens', 'duration_ms'],
      tool_usage: ['duration_ms'],
      activity: ['value'],
      sessions: ['cost_usd', 'input_tokens', 'output_tokens'],
    })) {
      const id = table === 'sessions' ? 'id' : 'session_ref'
      const changes = columns.map((column) => `${column} = ?`).join(', ')
      database
        .prepare(`update ${table} set ${changes} where ${id} = ${ofPoisoned}`)
        .run(columns.map(() => poison))
    }
  })
  return found
}

describe.each(POISONS)('with %d in its rows', (poison) => {
  test('the overview is that of the others', async () => {
    const { reports } = await poisonedStore(poison)
    const overview = await reports.overview(ask())
    expect(overviewAnswer.parse(JSON.parse(JSON.stringify(overview)))).toEqual(overview)
    expect(overview.totals).toMatchObject({
      costUsd: 0.1,
      tokens: { input: 7, output: 0 },
      sessions: 2,
      activeUserS: 0.1,
    })
    expect(overview.byUser.map(({ name, costUsd }) => [name, costUsd])).toEqual([
      ['sound', 0.1],
      ['poisoned', 0],
    ])
    expect(overview.tools[0]?.avgMs).toBe(50)
    expect(overview.series).toMatchObject([{ costUsd: 0.1, costByModelUsd: { opus: 0.1 } }])
    expect(overview.cache.savedUsd).not.toBeNaN()
  })

  test.each(['cost', 'tokens'] as const)('lists by %s are in order, page by page', async (sort) => {
    const { reports } = await poisonedStore(poison)
    const ids: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await reports.sessions(
        askList({ sort, limit: 1, ...(cursor !== undefined && { cursor }) }),
      )
      if (!page.ok) throw new Error(page.error)
      expect(sessionListAnswer.parse(JSON.parse(JSON.stringify(page.value)))).toEqual(page.value)
      for (const { sessionId, costUsd } of page.value.sessions) ids.push(`${sessionId} ${costUsd}`)
      cursor = page.value.nextCursor
    }
    expect(ids).toEqual(['sound 0.1', 'poisoned 0'])
  })

  test('budgets, menus and tips are those of the others', async () => {
    const { reader } = await poisonedStore(poison)
    const day = await reader.budgets.spending({ fromMs: MONDAY_MS, toMs: MONDAY_MS + DAY_MS })
    const byUser = new Map(day.map(({ userId, costUsd }) => [userId, costUsd]))
    expect(byUser).toEqual(
      new Map([
        ['sound', 0.1],
        ['poisoned', 0],
      ]),
    )
    const dear = await reader.budgets.sessions({ sinceMs: 0, leastUsd: 0.05, limit: 9 })
    expect(dear.map(({ key, costUsd }) => [key, costUsd])).toEqual([['claude-code/sound', 0.1]])
    expect((await facetsOf(reader, askAll(), letOthersRun)).users).toEqual(['sound', 'poisoned'])
    const quarters = await reader.usage.buckets({ attributes: [] }, { fromMs: 0, toMs: NOW_MS })
    expect(new Set(quarters.map(({ costUsd }) => costUsd))).toEqual(new Set([0.1, 0]))
  })

  test('a row that is added to is sound again', async () => {
    const { reports, use } = await poisonedStore(poison)
    const models = [{ costUsd: 0.2, inputTokens: 1 }]
    const tools = [{ durationMs: 300 }]
    await use('poisoned', {
      atMs: AT_MS,
      session: { costUsd: 0.2, userId: 'poisoned' },
      models,
      tools,
    })
    const { totals, byUser, tools: shown } = await reports.overview(ask())
    expect(totals).toMatchObject({ costUsd: 0.3, tokens: { input: 8 } })
    expect(byUser[0]).toMatchObject({ name: 'poisoned', costUsd: 0.2 })
    expect(shown[0]?.avgMs).toBe(400 / 3)
  })
})

test('times of a far future do not stretch the range', async () => {
  const { reports, use } = await openUsageStore()
  await use('sound', { atMs: AT_MS, models: [{ costUsd: 1 }] })
  await use('ahead', { atMs: Date.UTC(2099, 0), models: [{ costUsd: 2 }] })
  const overview = await reports.overview(ask())
  expect(overview).toMatchObject({ fromMs: AT_MS, toMs: AT_MS + HOUR_MS / 4 })
  expect(overview.totals).toMatchObject({ costUsd: 1, sessions: 1 })
})

describe('money', () => {
  test('adds up to cents over rows, models, users and days', async () => {
    const { reports, use } = await openUsageStore()
    for (const [index, costUsd] of [0.1, 0.2, 0.1, 0.2, 0.1, 0.2].entries()) {
      await use(`s${index % 3}`, {
        atMs: AT_MS + (index % 2) * DAY_MS,
        session: { userId: `u${index % 2}`, team: 'red' },
        models: [{ costUsd, model: `m${index % 2}` }],
      })
      await use(`s${index % 3}`, {
        atMs: AT_MS,
        session: { userId: `u${index % 2}`, team: 'red' },
        models: [{ costUsd: 0.01 }],
      })
    }
    const { totals, byModel, byTeam, series, mostExpensive } = await reports.overview(ask())
    expect(totals.costUsd).toBe(0.96)
    expect(byTeam.map(({ costUsd }) => costUsd)).toEqual([0.96])
    expect(byModel.map(({ costUsd }) => costUsd)).toEqual([0.6, 0.3, 0.06])
    expect(series.map(({ costUsd }) => costUsd)).toEqual([0.36, 0.6])
    expect(mostExpensive).toHaveLength(3)
  })

  test('that an earlier version added up with its dust is shown without', async () => {
    const { reports, use, store } = await openUsageStore()
    await use('s1', { atMs: AT_MS, session: { costUsd: 1 }, models: [{ costUsd: 1 }] })
    withDatabase(store.dataDir, (database) => {
      database.exec('update sessions set cost_usd = 0.07853999999999998')
      database.exec('update model_usage set cost_usd = 0.07853999999999998')
    })
    const { totals, mostExpensive } = await reports.overview(ask())
    expect([totals.costUsd, mostExpensive[0]?.costUsd]).toEqual([0.07854, 0.07854])
  })
})
