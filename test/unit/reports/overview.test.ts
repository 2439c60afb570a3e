/** Sums, series and shares over small stores of which the answer can be worked out by hand. */
import { describe, expect, test } from 'vitest'
import { ask, DAY_MS, HOUR_MS, MONDAY_MS, NOW_MS, openUsageStore } from './stored-usage.ts'

const AT_TEN = MONDAY_MS + 10 * HOUR_MS

describe('the overview', () => {
  test('of an empty store is all zeros and has no series', async () => {
    const { reports } = await openUsageStore()
    const overview = await reports.overview(ask())
    expect(overview).toMatchObject({
      fromMs: NOW_MS,
      toMs: NOW_MS,
      previous: null,
      series: [],
      byModel: [],
      cache: { hitRatio: null, savedUsd: null },
      edits: { acceptance: null },
      firstCommit: { medianMs: null, sessions: 0 },
    })
    expect(overview.totals).toMatchObject({ costUsd: 0, sessions: 0, prompts: 0 })
  })

  test('covers every quarter of an hour that the range touches, and says so', async () => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: AT_TEN, models: [{ costUsd: 1, calls: 1 }] })
    const minute = (n: number) => AT_TEN + n * 60_000
    const touched = await reports.overview(ask({ from: minute(1), to: minute(2) }))
    expect(touched).toMatchObject({ fromMs: AT_TEN, toMs: minute(15), totals: { costUsd: 1 } })
    const until = await reports.overview(ask({ to: minute(16) }))
    expect(until).toMatchObject({ fromMs: AT_TEN, toMs: minute(30) })
    const none = await reports.overview(ask({ from: minute(2), to: minute(2) }))
    expect(none).toMatchObject({ fromMs: AT_TEN, toMs: AT_TEN, totals: { costUsd: 0 } })
  })

  test('adds up what happened in the range, not what its sessions did before', async () => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: AT_TEN - DAY_MS, models: [{ costUsd: 100 }] })
    await use('s1', {
      atMs: AT_TEN,
      models: [{ costUsd: 1, calls: 3, errors: 1, inputTokens: 5 }],
      tools: [{ results: 4, failures: 1, refusals: 2, durationMs: 800 }],
      activity: [
        { measure: 'prompts', facet: '', value: 2 },
        { measure: 'lines_of_code', facet: 'added', value: 30 },
        { measure: 'lines_of_code', facet: 'removed', value: 7 },
        { measure: 'commits', facet: '', value: 1 },
        { measure: 'active_time_s', facet: 'user', value: 60 },
        { measure: 'active_time_s', facet: 'cli', value: 90 },
        { measure: 'edit_decision', facet: 'accept', value: 3 },
        { measure: 'edit_decision', facet: 'reject', value: 1 },
      ],
    })
    const overview = await reports.overview(ask({ from: MONDAY_MS, to: MONDAY_MS + DAY_MS }))
    expect(overview.totals).toEqual({
      costUsd: 1,
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      tokens: { input: 5, output: 0, cacheRead: 0, cacheCreation: 0 },
      sessions: 1,
      prompts: 2,
      modelCalls: 3,
      modelErrors: 1,
      toolResults: 4,
      toolFailures: 1,
      linesAdded: 30,
      linesRemoved: 7,
      commits: 1,
      pullRequests: 0,
      activeUserS: 60,
      activeAgentS: 90,
    })
    expect(overview.previous).toMatchObject({ costUsd: 100, sessions: 1 })
    expect(overview.edits).toEqual({ accepted: 3, rejected: 1, acceptance: 0.75 })
    expect(overview.tools).toEqual([
      {
        tool: 'Bash',
        results: 4,
        failures: 1,
        refusals: 2,
        successRate: 0.75,
        avgMs: 200,
        p95Ms: null,
      },
    ])
  })

  test.each([
    // 23:30 UTC on Monday is Tuesday in Vienna and still Monday in New York.
    ['UTC', MONDAY_MS],
    ['Europe/Vienna', MONDAY_MS + DAY_MS - HOUR_MS],
    ['America/New_York', MONDAY_MS + 5 * HOUR_MS],
    ['Asia/Kolkata', MONDAY_MS + DAY_MS - 5.5 * HOUR_MS],
  ])('has days as they begin in %s', async (tz, startMs) => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: MONDAY_MS + 23.5 * HOUR_MS, models: [{ costUsd: 1 }] })
    const { series } = await reports.overview(ask({ tz }))
    expect(series.filter(({ costUsd }) => costUsd !== 0)).toEqual([
      expect.objectContaining({ startMs, costByModelUsd: { opus: 1 } }),
    ])
  })

  test.each([
    ['hour', 24 * 8 + 1, MONDAY_MS + 10 * HOUR_MS, 1],
    ['day', 9, MONDAY_MS, 1],
    ['week', 2, MONDAY_MS, 3],
    ['month', 1, Date.UTC(2026, 10, 1), 3],
  ] as const)(
    'has every %s of the range, empty ones as zeros',
    async (bucket, count, first, cost) => {
      const { reports, use } = await openUsageStore()
      await use('s1', { atMs: AT_TEN, models: [{ costUsd: 1 }] })
      await use('s1', { atMs: AT_TEN + 2 * DAY_MS, models: [{ costUsd: 2 }] })
      await use('s2', { atMs: AT_TEN + 8 * DAY_MS, models: [{ costUsd: 4 }] })
      const { series } = await reports.overview(ask({ bucket }))
      expect(series).toHaveLength(count)
      expect(series[0]).toMatchObject({ startMs: first, costUsd: bucket === 'month' ? 7 : cost })
      expect(series.reduce((sum, { costUsd }) => sum + (costUsd ?? Number.NaN), 0)).toBe(7)
      expect(series.map(({ sessions }) => sessions).filter((n) => n > 0)).toEqual(
        { hour: [1, 1, 1], day: [1, 1, 1], week: [1, 1], month: [2] }[bucket],
      )
    },
  )

  test.each([
    ['from its beginning on', 20, false],
    ['but for its first day', 19, false],
    ['but for its first two days', 18, true],
    ['of its last day', 11, true],
    ['of nothing in it', 9, true],
  ])('says whether what is stored is %s of the time before', async (_, daysAgo, isPartial) => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: NOW_MS - daysAgo * DAY_MS, models: [{ costUsd: 1 }] })
    const overview = await reports.overview(ask({ from: NOW_MS - 10 * DAY_MS }))
    expect(overview.previousIsPartial).toBe(isPartial)
  })

  test('is of the range that was asked for, with nothing in most of it', async () => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: AT_TEN, models: [{ costUsd: 1 }] })
    await use('s1', { atMs: NOW_MS - 20 * DAY_MS, models: [{ costUsd: 8 }] })
    // From midnight on: that day and the ten after it, of which today has just begun.
    const week = await reports.overview(ask({ from: MONDAY_MS }))
    expect(week).toMatchObject({ fromMs: MONDAY_MS, toMs: NOW_MS + DAY_MS, omittedBuckets: 0 })
    expect(week.series.map(({ startMs }) => startMs)).toEqual(
      Array.from({ length: 11 }, (_, day) => MONDAY_MS + day * DAY_MS),
    )
    expect(week.series.map(({ costUsd }) => costUsd).filter((usd) => usd !== 0)).toEqual([1])
    // What is over of it is ten days: it is compared with the ten before.
    expect(week.previous?.costUsd).toBe(8)
    expect(week.previousIsPartial).toBe(false)
    const before = await reports.overview(ask({ from: MONDAY_MS - 3 * DAY_MS, to: MONDAY_MS }))
    expect(before.series).toHaveLength(3)
    expect(before.totals.costUsd).toBe(0)
    const later = await reports.overview(ask({ from: NOW_MS + 5 * DAY_MS }))
    expect(later.totals.costUsd).toBe(0)
    expect(later.series).toEqual([])
  })

  test('of today has all of its hours, in the zone that is asked for', async () => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: NOW_MS - HOUR_MS, models: [{ costUsd: 1 }] })
    const midnight = NOW_MS - 5.5 * HOUR_MS
    const { series } = await reports.overview(
      ask({ from: midnight, bucket: 'hour', tz: 'Asia/Kolkata' }),
    )
    expect(series.map(({ startMs }) => (startMs - midnight) / HOUR_MS)).toEqual([
      ...Array(24).keys(),
    ])
    expect(series.findIndex(({ costUsd }) => costUsd !== 0)).toBe(4)
  })

  test.each([
    ['2026-04-04T15:00:00Z', '2026-04-04T14:00:00Z', 90],
    ['2026-10-03T15:45:00Z', '2026-10-03T15:30:00Z', 30],
  ])('has the hours of a clock that changes by half an hour: %s', async (time, start, minutes) => {
    const { reports, use } = await openUsageStore()
    const atMs = Date.parse(time)
    await use('s1', { atMs, models: [{ costUsd: 1 }] })
    await use('s1', { atMs: atMs + 5 * HOUR_MS, models: [{ costUsd: 2 }] })
    const range = { from: atMs - 10 * HOUR_MS, to: atMs + 10 * HOUR_MS }
    const tz = 'Australia/Lord_Howe'
    const { series, totals } = await reports.overview(ask({ ...range, tz, bucket: 'hour' }))
    expect(totals.costUsd).toBe(3)
    expect(series.reduce((sum, { costUsd }) => sum + (costUsd ?? Number.NaN), 0)).toBe(3)
    const index = series.findIndex(({ costUsd }) => costUsd === 1)
    expect(new Date(series[index]?.startMs ?? 0).toISOString()).toBe(`${start.slice(0, -1)}.000Z`)
    const nextMs = series[index + 1]?.startMs ?? 0
    expect((nextMs - (series[index]?.startMs ?? 0)) / 60_000).toBe(minutes)
  })

  test.each([
    { from: Date.parse('0001-01-01T00:00:00Z'), to: Date.parse('9999-12-31T23:59:59Z') },
    { from: 0, to: Date.parse('9999-12-31T23:59:59Z') },
    { from: 0 },
    { to: 0 },
    { from: NOW_MS, to: 0 },
  ])('of the range %o is bounded and whole in its sums', async (range) => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: AT_TEN, models: [{ costUsd: 1 }] })
    for (const bucket of ['hour', 'day', 'week', 'month'] as const) {
      for (const tz of ['UTC', 'Pacific/Kiritimati', 'America/St_Johns']) {
        const overview = await reports.overview(ask({ ...range, bucket, tz }))
        expect(overview.series.length).toBeLessThanOrEqual(1000)
        expect(overview.omittedBuckets > 0).toBe(
          overview.series.length === 1000 && range.from !== undefined,
        )
        expect(overview.totals.costUsd).toBe(
          range.from === undefined || (range.from > 0 && range.to === 0) ? 0 : 1,
        )
      }
    }
  })

  test('leaves the oldest buckets out of a series that is too long, but not out of the sums', async () => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: MONDAY_MS - 60 * DAY_MS, models: [{ costUsd: 1 }] })
    await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 2 }] })
    const { series, totals, omittedBuckets } = await reports.overview(ask({ bucket: 'hour' }))
    expect(series).toHaveLength(1000)
    expect(series.at(-1)).toMatchObject({ costUsd: 2 })
    expect(omittedBuckets).toBe(60 * 24 + 1 - 1000)
    expect(totals.costUsd).toBe(3)
  })

  test('shares fall to models, projects, teams and users; sessions count once in each', async () => {
    const { reports, use } = await openUsageStore()
    const ada = { userId: 'ada', project: 'shop', team: 'web' }
    await use('s1', {
      atMs: AT_TEN,
      session: ada,
      models: [{ costUsd: 2 }, { model: 'haiku', costUsd: 1 }],
    })
    await use('s1', { atMs: AT_TEN + DAY_MS, session: ada, models: [{ costUsd: 4 }] })
    await use('s2', {
      atMs: AT_TEN,
      session: { userId: 'bob', team: 'web' },
      models: [{ costUsd: 10 }],
    })
    const overview = await reports.overview(ask())
    const brief = (shares: typeof overview.byUser) =>
      shares.map(({ name, costUsd, sessions, modelCalls }) => [name, costUsd, sessions, modelCalls])
    expect(brief(overview.byModel)).toEqual([
      ['opus', 16, 2, 3],
      ['haiku', 1, 1, 1],
    ])
    expect(brief(overview.byUser)).toEqual([
      ['bob', 10, 1, 1],
      ['ada', 7, 1, 3],
    ])
    expect(brief(overview.byProject)).toEqual([
      [null, 10, 1, 1],
      ['shop', 7, 1, 3],
    ])
    expect(brief(overview.byTeam)).toEqual([['web', 17, 2, 4]])
    expect(brief(overview.byAgent)).toEqual([['claude-code', 17, 2, 4]])
    expect(overview.totals.sessions).toBe(2)
    expect(overview.mostExpensive.map(({ sessionId }) => sessionId)).toEqual(['s2', 's1'])
    expect(overview.dearest).toEqual(overview.mostExpensive)
  })

  test('costs of very many models are those of twenty and of the others, in every bucket', async () => {
    const { reports, use } = await openUsageStore()
    for (const atMs of [AT_TEN, AT_TEN + DAY_MS]) {
      const models = Array.from({ length: 300 }, (_, n) => ({ model: `model ${n}`, costUsd: n }))
      await use('s1', { atMs, models })
    }
    const { series, byModel } = await reports.overview(ask())
    for (const { costByModelUsd, costUsd } of series) {
      expect(Object.keys(costByModelUsd)).toHaveLength(21)
      expect(costByModelUsd['model 299']).toBe(299)
      expect(costByModelUsd['(other)']).toBe((279 * 280) / 2)
      expect(Object.values(costByModelUsd).reduce((sum, usd) => sum + usd, 0)).toBe(costUsd)
    }
    expect(byModel).toHaveLength(20)
  })

  test('shares beyond the twentieth are one', async () => {
    const { reports, use } = await openUsageStore()
    for (let n = 1; n <= 25; n += 1) {
      await use(`s${n}`, { atMs: AT_TEN, session: { userId: `u${n}` }, models: [{ costUsd: n }] })
    }
    const { byUser } = await reports.overview(ask())
    expect(byUser).toHaveLength(20)
    expect(byUser.at(-1)).toMatchObject({ name: '(other)', costUsd: 21, sessions: 6 })
  })

  test.each([
    [{ project: 'shop' }, 1],
    [{ team: 'ops' }, 2],
    [{ user: 'eve' }, 4],
    [{ agent: 'claude-code' }, 7],
    [{ agent: 'another' }, 0],
    [{ attribute: ['crow.session.id=w1'] }, 2],
    [{ attribute: ['crow.session.id=w1', 'service.name=other'] }, 0],
    [{ model: 'haiku' }, 4],
  ])('filters by %o', async (filter, costUsd) => {
    const { reports, use } = await openUsageStore()
    await use('s1', { atMs: AT_TEN, session: { project: 'shop' }, models: [{ costUsd: 1 }] })
    await use('s2', {
      atMs: AT_TEN,
      session: { team: 'ops' },
      attributes: { 'crow.session.id': 'w1' },
      models: [{ costUsd: 2 }],
    })
    await use('s3', {
      atMs: AT_TEN,
      session: { userId: 'eve' },
      models: [{ model: 'haiku', costUsd: 4 }],
    })
    const { totals } = await reports.overview(ask(filter))
    expect(totals.costUsd).toBe(costUsd)
  })

  test('counts commits and pull requests of work and of metrics once: the larger of each session', async () => {
    const { reports, use } = await openUsageStore()
    const minute = (n: number) => AT_TEN + n * 60_000
    const commit = (name: string, atMs: number) => ({ name, isHash: true, atMs })
    const pullRequest = { name: 'https://github.com/ada/shop/pull/7', isUrl: true, atMs: minute(2) }
    const counted = (commits: number) =>
      ({ measure: 'commits', facet: '', value: commits }) as const
    // Seen in commands alone; the pull request is told of in two stretches.
    await use('seen', {
      atMs: AT_TEN,
      session: { firstPromptMs: AT_TEN },
      models: [{ costUsd: 1 }],
      work: [
        { segment: 0, commit: commit('a1', minute(1)), pullRequest },
        {
          segment: 1,
          commit: commit('a2', minute(3)),
          pullRequest: { ...pullRequest, atMs: minute(5) },
        },
        { segment: 2, branch: 'commit' },
      ],
    })
    await use('counted', {
      atMs: AT_TEN,
      activity: [counted(3), { measure: 'pull_requests', facet: '', value: 1 }],
    })
    // Both know the same commit; the metric comes a day later.
    await use('both', {
      atMs: AT_TEN,
      tools: [{}],
      work: [{ segment: 0, commit: commit('b1', minute(4)) }],
    })
    await use('both', { atMs: AT_TEN + DAY_MS, activity: [counted(1)] })
    const { totals, firstCommit } = await reports.overview(ask())
    expect([totals.commits, totals.pullRequests]).toEqual([6, 2])
    expect(firstCommit).toEqual({ medianMs: 60_000, sessions: 1 })
    const ofDay = await reports.overview(ask({ from: MONDAY_MS, to: MONDAY_MS + DAY_MS }))
    expect([ofDay.totals.commits, ofDay.totals.pullRequests]).toEqual([6, 2])
    const before = await reports.overview(ask({ from: MONDAY_MS - DAY_MS, to: MONDAY_MS }))
    expect([before.totals.commits, before.totals.pullRequests]).toEqual([0, 0])
    const where = await reports.overview(ask({ where: ['model=another'] }))
    expect([where.totals.commits, where.totals.pullRequests]).toEqual([0, 0])
  })

  test('counts the time to the first commit where that falls into the range', async () => {
    const { reports, use } = await openUsageStore()
    const commit = { measure: 'commits', facet: '', value: 1 } as const
    const session = (minutes: number) => ({
      firstPromptMs: AT_TEN,
      firstCommitMs: AT_TEN + minutes * 60_000,
    })
    for (const [index, minutes] of [5, 20, 10, 4000].entries()) {
      const atMs = AT_TEN + minutes * 60_000
      await use(`s${index}`, { atMs, session: session(minutes), activity: [commit] })
    }
    await use('none', { atMs: AT_TEN, models: [{}] })
    const { firstCommit } = await reports.overview(ask({ to: MONDAY_MS + DAY_MS }))
    expect(firstCommit).toEqual({ medianMs: 600_000, sessions: 3 })
  })
})
