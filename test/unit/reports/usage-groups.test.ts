/** Groups of any kind, one or two at once, add up to the whole, and each row is what a filter finds. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type UsageQuery, type UsageRow, usageQuery } from '../../../src/api/contract/usage.ts'
import { addUsd } from '../../../src/domain/exact-sum.ts'
import { USAGE_GROUPS, usageGroupOf, usageGroupsOf } from '../../../src/domain/usage-group.ts'
import { callDimensions } from '../../../src/domain/call-dimensions.ts'
import { pullRequestCost } from '../../../src/reports/pull-request-cost.ts'
import {
  ask,
  askList,
  DAY_MS,
  MONDAY_MS,
  NOW_MS,
  openUsageStore,
  type UsageStore,
  type Used,
} from './stored-usage.ts'

const askUsage = (group: string, change: Partial<UsageQuery> = {}): UsageQuery => ({
  ...usageQuery.parse({ group, limit: 1000 }),
  ...change,
})

const ALL_GROUPS = [...USAGE_GROUPS.map(({ name }) => name), 'resource:department']

const costs = (rows: readonly UsageRow[]) =>
  rows.map(({ names, costUsd, sessions }) => [...names, costUsd, sessions])

describe('a list of groups', () => {
  test.each([
    ['project,model', ['project', 'model']],
    ['skill', ['skill']],
    ['cost-center, slash-command', ['cost-centre', 'command']],
    ['resource:team.id,model', ['resource:team.id', 'model']],
  ])('%s', (list, names) => {
    expect(usageGroupsOf(list)?.map(({ name }) => name)).toEqual(names)
  })

  test.each([
    '',
    'nothing',
    'model,model',
    'model,agent,user',
    'resource:',
    'constructor',
    'model,',
  ])('is not %j', (list) => {
    expect(usageGroupsOf(list)).toBeUndefined()
  })

  test('names each group once', () => {
    expect(new Set(ALL_GROUPS).size).toBe(ALL_GROUPS.length)
    expect(ALL_GROUPS.every((name) => usageGroupOf(name)?.name === name)).toBe(true)
  })
})

describe('projects', () => {
  test('have what was spent for them, also of a session that is of another by now', async () => {
    const { use, reports } = await openUsageStore()
    const session = { project: 'site' }
    const at = (day: number) => MONDAY_MS + day * DAY_MS
    await use('s1', {
      atMs: at(0),
      session,
      models: [
        { costUsd: 1, dimensions: { project: 'shop' } },
        { costUsd: 2, dimensions: { project: 'site', segment: '1' } },
        { costUsd: 4, dimensions: { segment: '1' } },
        { model: 'haiku', costUsd: 8, dimensions: { project: 'shop', segment: '1' } },
      ],
    })
    // Without a call it is of its own.
    await use('s2', {
      atMs: at(1),
      session,
      activity: [{ measure: 'prompts', facet: '', value: 1 }],
    })
    await use('s3', { atMs: at(1), models: [{ costUsd: 16 }] })
    expect(costs((await reports.usage(askUsage('project'))).rows)).toEqual([
      [null, 16, 1],
      ['shop', 9, 1],
      ['site', 6, 2],
    ])
    expect(costs((await reports.usage(askUsage('model,project'))).rows)).toEqual([
      ['opus', null, 16, 1],
      ['haiku', 'shop', 8, 1],
      ['opus', 'site', 6, 1],
      ['opus', 'shop', 1, 1],
    ])
    const { totals } = await reports.overview(ask({ project: 'shop' }))
    expect([totals.costUsd, totals.sessions, totals.modelCalls]).toEqual([9, 1, 2])
    const both = await reports.overview(ask({ project: 'shop', where: ['model=opus'] }))
    expect(both.totals.costUsd).toBe(1)
  })
})

describe('two groups at once', () => {
  test('split what each pair of names cost, and count a session once for each', async () => {
    const { use, reports } = await openUsageStore()
    const at = (day: number) => MONDAY_MS + day * DAY_MS
    await use('s1', {
      atMs: at(0),
      session: { project: 'shop' },
      models: [
        { model: 'opus', costUsd: 0.1, dimensions: { skill: 'review' } },
        { model: 'haiku', costUsd: 0.2 },
      ],
    })
    await use('s1', { atMs: at(1), session: { project: 'shop' }, models: [{ costUsd: 0.7 }] })
    await use('s2', { atMs: at(1), models: [{ costUsd: 4, dimensions: { skill: 'review' } }] })
    const projects = await reports.usage(askUsage('project,model'))
    expect(costs(projects.rows)).toEqual([
      [null, 'opus', 4, 1],
      ['shop', 'opus', 0.8, 1],
      ['shop', 'haiku', 0.2, 1],
    ])
    expect(projects.groups).toEqual([
      { name: 'project', label: 'project' },
      { name: 'model', label: 'model' },
    ])
    const skills = await reports.usage(askUsage('skill,project'))
    expect(costs(skills.rows)).toEqual([
      ['review', null, 4, 1],
      [null, 'shop', 0.9, 1],
      ['review', 'shop', 0.1, 1],
    ])
    expect(skills.totals).toMatchObject({ costUsd: 5, sessions: 2, modelCalls: 4 })
  })

  test('put what is beyond the limit together', async () => {
    const { use, reports } = await openUsageStore()
    const models = [1, 2, 3].map((costUsd) => ({ model: `m${costUsd}`, costUsd }))
    await use('s1', { atMs: MONDAY_MS, models })
    expect(costs((await reports.usage(askUsage('model,user', { limit: 2 }))).rows)).toEqual([
      ['m3', null, 3, 1],
      ['(other)', '(other)', 3, 2],
    ])
  })

  test('are told by buckets of time where that is asked for, and add up to the rows', async () => {
    const { use, reports } = await openUsageStore()
    const at = (day: number, hour = 0) => MONDAY_MS + day * DAY_MS + hour * 3_600_000
    await use('s1', { atMs: at(0, 1), models: [{ model: 'opus', costUsd: 3 }] })
    await use('s1', { atMs: at(0, 2), models: [{ model: 'haiku', costUsd: 0.1 }] })
    await use('s2', { atMs: at(2, 5), models: [{ model: 'haiku', costUsd: 0.2 }] })
    await use('s2', { atMs: at(2, 6), models: [{ model: 'sonnet', costUsd: 0.05 }] })
    const range = { from: at(0), to: at(3), limit: 2 }
    const byDay = await reports.usage(askUsage('model', { ...range, bucket: 'day' }))
    expect(byDay.rows.map(({ names }) => names[0])).toEqual(['opus', '(other)'])
    expect(
      byDay.series?.map(({ startMs, costUsd, sessions }) => [startMs, costUsd, sessions]),
    ).toEqual([
      [at(0), [3, 0.1], 1],
      [at(1), [0, 0], 0],
      [at(2), [0, 0.25], 1],
    ])
    const byHour = await reports.usage(askUsage('model', { ...range, bucket: 'hour' }))
    expect(byHour.series).toHaveLength(72)
    expect(byHour.series?.filter(({ sessions }) => sessions > 0)).toMatchObject([
      { startMs: at(0, 1), costUsd: [3, 0] },
      { startMs: at(0, 2), costUsd: [0, 0.1] },
      { startMs: at(2, 5), costUsd: [0, 0.2] },
      { startMs: at(2, 6), costUsd: [0, 0.05] },
    ])
    expect((await reports.usage(askUsage('model', range))).series).toBeUndefined()
  })

  test('tell a cost that nobody knows as unknown', async () => {
    const { use, reports } = await openUsageStore()
    await use('s1', {
      atMs: MONDAY_MS,
      models: [
        { model: 'a', unpricedCalls: 1, inputTokens: 5 },
        { model: 'b', costUsd: 1 },
      ],
    })
    expect(costs((await reports.usage(askUsage('model'))).rows)).toEqual([
      ['b', 1, 1],
      ['a', null, 1],
    ])
  })
})

describe('attributes of sessions', () => {
  const department = (name: string): Partial<Used> => ({ attributes: { department: name } })

  test.each([
    ['resource:department', department('tools'), 'tools'],
    ['environment', { attributes: { 'deployment.environment.name': 'ci' } }, 'ci'],
    ['environment', { attributes: { 'deployment.environment': 'ci' } }, 'ci'],
    ['cost-centre', { attributes: { cost_center: '4711' } }, '4711'],
    ['repository', { attributes: { repository: 'ada/shop' } }, 'ada/shop'],
    ['branch', { attributes: { branch: 'main' } }, 'main'],
    ['ticket', { attributes: { branch: 'feature/SHOP-42-pay' } }, 'SHOP-42'],
    ['ticket', { attributes: { branch: 'main' } }, null],
  ])('%s', async (group, used, name) => {
    const { use, reports } = await openUsageStore()
    await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }], ...used })
    await use('s2', { atMs: MONDAY_MS, models: [{ costUsd: 2 }] })
    const { rows } = await reports.usage(askUsage(group))
    const own = name === null ? [] : [[name, 1, 1]]
    expect(costs(rows)).toEqual([[null, name === null ? 3 : 2, name === null ? 2 : 1], ...own])
  })

  test('which change count at once for days that were asked for already', async () => {
    const { use, reports, slices } = await openUsageStore()
    await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }], ...department('a') })
    const range = { from: MONDAY_MS, to: MONDAY_MS + DAY_MS }
    const names = async () =>
      (await reports.usage(askUsage('resource:department', range))).rows.map((row) => row.names)
    expect(await names()).toEqual([['a']])
    await use('s1', { atMs: MONDAY_MS + 2 * DAY_MS, ...department('b') })
    slices.regrouped({ fromMs: MONDAY_MS, toMs: MONDAY_MS + 1 })
    expect(await names()).toEqual([['b']])
  })
})

test('a group by an attribute that every object has is of those that were told it', async () => {
  const { use, reports } = await openUsageStore()
  await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }], attributes: { constructor: 'ada' } })
  await use('s2', { atMs: MONDAY_MS, models: [{ costUsd: 2 }], attributes: { department: 'x' } })
  const { rows } = await reports.usage(askUsage('resource:constructor,resource:department'))
  expect(rows.map(({ names }) => names)).toEqual([
    [null, 'x'],
    ['ada', null],
  ])
})

describe('the work of sessions', () => {
  const URL = 'https://github.com/ada/shop/pull/7'
  const shop = {
    repository: 'ada/shop',
    repositoryUrl: 'https://github.com/ada/shop',
    branch: 'feature',
  }
  const commit = { name: '1a2b3c4', isHash: true, atMs: MONDAY_MS }
  const pullRequest = { name: URL, isUrl: true, atMs: MONDAY_MS }
  const segment = (number: number) => ({ segment: String(number) })

  test('commits have what was spent before them, with their page', async () => {
    const { use, reports } = await openUsageStore()
    await use('s1', {
      atMs: MONDAY_MS,
      models: [{ costUsd: 1 }, { costUsd: 2, dimensions: segment(1) }],
      work: [
        { segment: 0, ...shop, commit },
        { segment: 1, ...shop },
      ],
    })
    const { rows } = await reports.usage(askUsage('commit,repository'))
    expect(rows).toMatchObject([
      { names: [null, 'ada/shop'], costUsd: 2 },
      {
        names: ['1a2b3c4', 'ada/shop'],
        costUsd: 1,
        links: ['https://github.com/ada/shop/commit/1a2b3c4', null],
      },
    ])
    expect(rows[0]).not.toHaveProperty('links')
  })

  test('the commits of a pull request add up to what it cost, with what came behind the last', async () => {
    const { use, reader } = await openUsageStore()
    const deps = { reader, ticketOf: () => undefined, timeZone: 'UTC', nowMs: NOW_MS }
    const costOf = async () => {
      const answer = await pullRequestCost(deps, { of: 'url', url: URL })
      if (answer.is !== 'found') throw new Error(answer.is)
      return answer.cost.commits.map(({ names, costUsd }) => [...names, costUsd])
    }
    await use('s0', {
      atMs: MONDAY_MS,
      models: [{ costUsd: 8 }],
      work: [{ segment: 0, ...shop, pullRequest }],
    })
    expect(await costOf()).toEqual([])
    await use('s1', {
      atMs: MONDAY_MS,
      models: [{ costUsd: 1 }, { costUsd: 2, dimensions: segment(1) }],
      work: [
        { segment: 0, ...shop, commit },
        { segment: 1, ...shop },
      ],
    })
    expect(await costOf()).toEqual([
      [null, 10],
      ['1a2b3c4', 1],
    ])
  })

  test('a pull request has what its branch cost, in whichever session', async () => {
    const { use, reports } = await openUsageStore()
    await use('s1', { atMs: MONDAY_MS, models: [{ costUsd: 1 }], work: [{ segment: 0, ...shop }] })
    await use('s2', {
      atMs: MONDAY_MS,
      models: [
        { costUsd: 2, dimensions: segment(1) },
        { costUsd: 4, dimensions: segment(2) },
      ],
      work: [
        { segment: 1, ...shop, pullRequest },
        { segment: 2, ...shop, branch: 'other' },
      ],
    })
    await use('s3', {
      atMs: MONDAY_MS,
      models: [{ costUsd: 8 }],
      work: [{ segment: 0, ...shop, repository: 'ada/site' }],
    })
    const { rows } = await reports.usage(askUsage('pull-request'))
    expect(rows).toMatchObject([
      { names: [null], costUsd: 12, sessions: 2 },
      { names: [URL], costUsd: 3, sessions: 2, links: [URL] },
    ])
  })

  test('without a branch, or on one that others are merged into, it is that of the session', async () => {
    const { use, reports } = await openUsageStore()
    const main = { ...shop, branch: 'main' }
    const other = { ...pullRequest, name: `${URL}1` }
    const models = [0, 1, 2, 3].map((number) => ({
      costUsd: 2 ** number,
      dimensions: number === 0 ? {} : segment(number),
    }))
    await use('s1', {
      atMs: MONDAY_MS,
      models,
      work: [
        { segment: 0, ...main },
        { segment: 1, ...main, pullRequest },
        { segment: 2, repository: 'ada/shop', pullRequest: other },
        { segment: 3 },
      ],
    })
    await use('s2', { atMs: MONDAY_MS, models: [{ costUsd: 16 }], work: [{ segment: 0, ...main }] })
    const { rows } = await reports.usage(askUsage('pull-request'))
    expect(rows).toMatchObject([
      { names: [null], costUsd: 16 },
      { names: [`${URL}1`], costUsd: 12 },
      { names: [URL], costUsd: 3 },
    ])
  })

  test('the ticket is that of the branch at the time', async () => {
    const { use, reports } = await openUsageStore()
    await use('s1', {
      atMs: MONDAY_MS,
      attributes: { branch: 'SHOP-2' },
      models: [{ costUsd: 1 }, { costUsd: 2, dimensions: segment(1) }],
      work: [
        { segment: 0, branch: 'SHOP-1-a' },
        { segment: 1, branch: 'SHOP-2-b' },
      ],
    })
    expect(costs((await reports.usage(askUsage('ticket'))).rows)).toEqual([
      ['SHOP-2', 2, 1],
      ['SHOP-1', 1, 1],
    ])
  })
})

const name = (...names: readonly string[]) =>
  fc.option(fc.constantFrom(...names), { nil: undefined })
const dimensionSet = fc.record(
  {
    ...Object.fromEntries(
      [...callDimensions, 'segment'].map((each) => [each, fc.constantFrom('1', '2', '')]),
    ),
    project: fc.constantFrom('shop', 'site', 'gear'),
  },
  { requiredKeys: [] },
)
const call = fc.record({
  model: fc.constantFrom('opus', 'haiku'),
  isSubagent: fc.boolean(),
  dimensions: dimensionSet,
  calls: fc.nat(3),
  errors: fc.nat(2),
  costUsd: fc.nat(1_000_000_007).map((units) => units / 1e9),
  unpricedCalls: fc.nat(1),
  inputTokens: fc.nat(1000),
  outputTokens: fc.nat(1000),
  cacheReadTokens: fc.nat(1000),
  cacheCreationTokens: fc.nat(1000),
})
const workSegment = fc.record(
  {
    segment: fc.nat(2),
    repository: fc.constantFrom('ada/shop', 'ada/site'),
    branch: fc.constantFrom('main', 'a', 'SHOP-1'),
    commit: fc.record({
      name: fc.constantFrom('aaaaaaa', 'bbbbbbb'),
      isHash: fc.boolean(),
      atMs: fc.nat(9),
    }),
    pullRequest: fc.record({
      name: fc.constantFrom('https://x.example/a/b/pull/1', 'pull request 1 of s1'),
      isUrl: fc.boolean(),
      atMs: fc.nat(9),
    }),
  },
  { requiredKeys: ['segment'] },
)
const use = fc.record({
  work: fc.array(workSegment, { maxLength: 3 }),
  sessionId: fc.constantFrom('s1', 's2', 's3', 's4'),
  day: fc.nat(3),
  models: fc.array(call, { maxLength: 4 }),
})
const sessionOf = fc.record({
  project: name('shop', 'site'),
  team: name('red', 'blue'),
  userId: name('ada', 'grace'),
})
const attributesOf = fc.dictionary(
  fc.constantFrom('branch', 'repository', 'cost_center', 'department', 'deployment.environment'),
  fc.constantFrom('SHOP-1/a', 'b', 'c'),
)

test('of generated sessions, all groups and pairs of them add up to the total', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(use, { minLength: 1, maxLength: 8 }),
      fc.dictionary(fc.constantFrom('s1', 's2', 's3', 's4'), sessionOf),
      fc.dictionary(fc.constantFrom('s1', 's2', 's3', 's4'), attributesOf),
      fc.shuffledSubarray(ALL_GROUPS, { minLength: 6, maxLength: 6 }),
      async (uses, sessions, attributes, groups) => {
        const store = await openUsageStore()
        for (const { sessionId, day, models, work } of uses) {
          await store.use(sessionId, {
            atMs: MONDAY_MS + day * DAY_MS,
            models: models.map((one) => ({ ...one, dimensions: told(one.dimensions) })),
            activity: [{ measure: 'prompts', facet: '', value: 1 }],
            work,
            session: present(sessions[sessionId] ?? {}),
            attributes: attributes[sessionId] ?? {},
          })
        }
        const { totals } = await store.reports.overview(ask())
        const [a = '', b = '', c = '', ...others] = groups
        await expectFiltersLikeRows(store, c)
        await expectProjectsLikeBudgets(store)
        for (const list of [`${a},${b}`, `${b},${c}`, c, ...others]) {
          const answer = await store.reports.usage(askUsage(list))
          const sum = (of: (row: UsageRow) => number) =>
            answer.rows.reduce((all, row) => all + of(row), 0)
          const costUsd = answer.rows.reduce((all, row) => addUsd(all, row.costUsd ?? 0), 0)
          expect(costUsd, list).toBe(totals.costUsd ?? 0)
          expect(answer.totals.costUsd).toBe(totals.costUsd)
          expect(answer.totals.sessions).toBe(totals.sessions)
          expect(
            sum((row) => row.modelCalls),
            list,
          ).toBe(totals.modelCalls)
          expect(
            sum((row) => row.unpricedCalls),
            list,
          ).toBe(totals.unpricedCalls)
          for (const kind of ['input', 'output', 'cacheRead', 'cacheCreation'] as const) {
            expect(
              sum(({ tokens }) => tokens[kind]),
              list,
            ).toBe(totals.tokens[kind])
          }
          const names = answer.rows.map((row) => JSON.stringify(row.names))
          expect(new Set(names).size).toBe(names.length)
        }
      },
    ),
    { numRuns: 15 },
  )
}, 120_000)

/** What a filter finds is what the row of that name says. */
async function expectFiltersLikeRows(
  { reports }: Pick<UsageStore, 'reports'>,
  group: string,
): Promise<void> {
  const { rows } = await reports.usage(askUsage(group))
  for (const { names, costUsd, tokens, modelCalls, sessions } of rows) {
    const where = [`${group}=${names[0] ?? ''}`]
    const { totals } = await reports.overview(ask({ where }))
    const found = { costUsd: totals.costUsd, tokens: totals.tokens, modelCalls: totals.modelCalls }
    expect(found, where.join()).toEqual({ costUsd, tokens, modelCalls })
    const filtered = await reports.usage(askUsage('agent', { where }))
    expect(filtered.totals).toMatchObject({ ...found, sessions: totals.sessions })
    expect(totals.sessions).toBe(sessions)
    const listed = await reports.sessions(askList({ where, limit: 50 }))
    expect(listed.ok && listed.value.sessions.length).toBe(sessions)
  }
}

/** Budgets, the shares of an overview and both filters tell of a project what its row does. */
async function expectProjectsLikeBudgets({ reports, reader }: UsageStore): Promise<void> {
  await expectFiltersLikeRows({ reports }, 'project')
  const { rows } = await reports.usage(askUsage('project'))
  const { byProject } = await reports.overview(ask())
  const figures = (of: Pick<UsageRow, 'costUsd' | 'tokens' | 'modelCalls' | 'sessions'>) => {
    return { cost: of.costUsd, tokens: of.tokens, calls: of.modelCalls, sessions: of.sessions }
  }
  expect(new Map(byProject.map((share) => [share.name, figures(share)]))).toEqual(
    new Map(rows.map((row) => [row.names[0], figures(row)])),
  )
  const spent = new Map<string | undefined, number>()
  const span = { fromMs: MONDAY_MS, toMs: NOW_MS }
  for (const { project, costUsd } of await reader.budgets.spending(span)) {
    spent.set(project, addUsd(spent.get(project) ?? 0, costUsd))
  }
  for (const { names, costUsd, ...row } of rows) {
    const project = names[0] ?? undefined
    expect(spent.get(project) ?? 0, project).toBe(costUsd ?? 0)
    if (project === undefined) continue
    const { totals } = await reports.overview(ask({ project }))
    expect(figures(totals), project).toEqual(figures({ costUsd, ...row }))
    const filtered = await reports.usage(askUsage('model', { project }))
    expect(figures(filtered.totals), project).toEqual(figures({ costUsd, ...row }))
  }
}

/** Without what is empty, as agents' profiles read it. */
function told(dimensions: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(dimensions).filter(([, value]) => (value ?? '') !== ''))
}

function present<T extends object>(of: T): Partial<T> {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as never
}
