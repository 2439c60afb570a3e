/** Names that were cut when they arrived are found by the whole name, and by what was kept of it. */
import { expect, test } from 'vitest'
import { type Filter, filter } from '../../../src/api/contract/filter.ts'
import { sessionListQuery } from '../../../src/api/contract/session-list.ts'
import type { ModelCallEvent } from '../../../src/domain/agent-event.ts'
import { boundedItem } from '../../../src/processors/bounded-item.ts'
import { runCommandLine } from '../cli/run-command.ts'
import { askList, MONDAY_MS, openUsageStore } from './stored-usage.ts'

const LONG = 'ü'.repeat(3000)

/** As intake leaves them. */
const kept = boundedItem({
  kind: 'model_call',
  agent: 'claude-code',
  sessionId: 's1',
  dedupKey: '1',
  name: 'call',
  timeMs: MONDAY_MS,
  model: `model ${LONG}`,
  parameters: {},
  querySource: `source ${LONG}`,
  identity: {
    userId: `user ${LONG}`,
    labels: { project: `project ${LONG}`, team: `team ${LONG}`, department: `part ${LONG}` },
  },
} as unknown as ModelCallEvent)
const { labels = {}, userId = '' } = kept.identity
const { project = '', team = '', department = '' } = labels

const BY_NAME = {
  user: userId,
  project,
  team,
  model: kept.model,
} as const

async function setUp() {
  const { use, reports } = await openUsageStore()
  await use('s1', {
    atMs: MONDAY_MS,
    session: { userId, project, team },
    models: [
      { model: kept.model, costUsd: 1, dimensions: { querySource: kept.querySource ?? '' } },
    ],
    attributes: { department },
    work: [{ segment: 0, branch: `branch ${LONG}`.slice(0, 200) }],
  })
  await use('s2', { atMs: MONDAY_MS, models: [{ costUsd: 2 }] })
  return async (change: Partial<Filter>) => {
    const found = await reports.sessions(askList(filter.parse(change)))
    return found.ok ? found.value.sessions.map(({ sessionId }) => sessionId) : found
  }
}

test('by each filter', async () => {
  const found = await setUp()
  for (const [name, cut] of Object.entries(BY_NAME)) {
    expect(cut.length).toBeLessThan(1100)
    expect([name, await found({ [name]: `${name} ${LONG}` })]).toEqual([name, ['s1']])
    expect([name, await found({ [name]: cut })]).toEqual([name, ['s1']])
    expect([name, await found({ [name]: `${name} ${LONG}x` })]).toEqual([name, []])
  }
  for (const value of [`part ${LONG}`, department]) {
    expect(await found({ attribute: [`department=${value}`] })).toEqual(['s1'])
  }
})

test.each([
  ...Object.entries(BY_NAME),
  ['query-source', kept.querySource ?? '', 'source'],
  ['resource:department', department, 'part'],
  ['branch', `branch ${LONG}`.slice(0, 200), 'branch'],
])('by a condition on %s', async (group, cut, word = group) => {
  const found = await setUp()
  expect(await found({ where: [`${group}=${word} ${LONG}`] })).toEqual(['s1'])
  expect(await found({ where: [`${group}=${cut}`] })).toEqual(['s1'])
})

test.each([
  ['--user', 'user', 'x'],
  ['--attribute', 'attribute', 'key=x'],
  ['--where', 'where', 'skill=x'],
])('commands and the API take the same for %s', async (option, parameter, beginning) => {
  for (const [length, isTaken] of [
    [3999, true],
    [4000, false],
  ] as const) {
    const text = `${beginning}${'x'.repeat(length)}`
    const value = parameter === 'user' ? text : [text]
    expect(sessionListQuery.safeParse({ [parameter]: value }).success).toBe(isTaken)
    const { stderr } = await runCommandLine(['sessions', option, text])
    expect(stderr.includes(`option '${option} <`)).toBe(!isTaken)
  }
})

test('commands and the API refuse a search of more than 200 characters', async () => {
  expect(sessionListQuery.safeParse({ search: 'x'.repeat(201) }).success).toBe(false)
  const { code, stderr } = await runCommandLine(['sessions', '--search', 'x'.repeat(201)])
  expect([code, stderr]).toEqual([2, expect.stringContaining('Expected at most 200 characters')])
})
