/** Grouping many rows tells what adding them up one by one would, whatever is remembered of their names. */
import { describe, expect, test } from 'vitest'
import { type UsageGroup, usageGroupOf } from '../../../src/domain/usage-group.ts'
import { createGroupColumns, type Naming } from '../../../src/reports/group-columns.ts'
import { groupUse } from '../../../src/reports/group-use.ts'
import { cellsOf, type UsageCells } from '../../../src/reports/usage-cells.ts'
import type { WorkOfSession } from '../../../src/storage/store-reader.ts'
import type { DimensionSum } from '../../../src/storage/usage-slice.ts'

const SESSIONS = 900
const SEGMENTS = 3
const SESSIONS_PER_DAY = 100

const group = (name: string): UsageGroup => {
  const found = usageGroupOf(name)
  if (found === undefined) throw new Error(`there is no group ${name}`)
  return found
}

const naming = (change: Partial<Naming> = {}): Naming => ({
  ticketOf: () => undefined,
  pullRequestOf: () => null,
  columns: createGroupColumns(),
  ...change,
})

interface Call {
  readonly session: number
  readonly segment: number
  readonly model: string
  /** Billionths of a dollar; many cost the same. */
  readonly cost: number
}

/** Two models in each stretch of each session; every third stretch led to no commit. */
const CALLS: readonly Call[] = Array.from({ length: SESSIONS * SEGMENTS * 2 }, (_, n) => {
  const stretch = Math.floor(n / 2)
  return {
    session: 1 + Math.floor(stretch / SEGMENTS),
    segment: stretch % SEGMENTS,
    model: n % 2 === 0 ? 'opus' : 'haiku',
    cost: ((n * 7919) % 211) + 1,
  }
})
const commitOf = ({ session, segment }: Call) => (segment === 2 ? null : `c${session}-${segment}`)
const userOf = ({ session }: Call) => `user-${session % 30}`

function days(): readonly { readonly sums: UsageCells }[] {
  return Array.from({ length: SESSIONS / SESSIONS_PER_DAY }, (_, day) => {
    const isOfDay = ({ session }: Call) => Math.floor((session - 1) / SESSIONS_PER_DAY) === day
    const calls = CALLS.filter(isOfDay)
    const ids = [...new Set(calls.map(({ session }) => session))]
    const sessions = ids.map((id) => ({ id, agent: 'a', userId: `user-${id % 30}` }))
    const models = calls.map(({ session, segment, model, cost }): DimensionSum => {
      const dimensions = segment === 0 ? {} : { segment: String(segment) }
      return { ...NOTHING, session, model, dimensions, calls: 1, costUsd: cost / 1e9 }
    })
    const work = calls.map((call): WorkOfSession => {
      const name = commitOf(call)
      const commit = name === null ? undefined : { name, isHash: true, atMs: 0 }
      return { session: call.session, segment: call.segment, commit }
    })
    return {
      sums: cellsOf(
        { sessions: sessions as never, models, tools: [], activity: [], made: [] },
        [],
        work,
      ),
    }
  })
}

const NOTHING = {
  calls: 0,
  errors: 0,
  costUsd: 0,
  estimatedUsd: 0,
  metricsUsd: 0,
  unpricedCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheCreationTokens: 0,
}

/** Cost, calls and distinct sessions by the names, added up one by one; the most expensive first. */
function expected(namesOf: (call: Call) => readonly (string | null)[]) {
  const parts = new Map<string, { cost: number; calls: number; sessions: Set<number> }>()
  for (const call of CALLS) {
    const key = JSON.stringify(namesOf(call))
    const part = parts.get(key) ?? { cost: 0, calls: 0, sessions: new Set() }
    part.cost += call.cost
    part.calls += 1
    part.sessions.add(call.session)
    parts.set(key, part)
  }
  return [...parts]
    .map(([names, part]) => ({ ...part, names: JSON.parse(names), sessions: part.sessions.size }))
    .sort((a, b) => b.cost - a.cost)
}

describe.each([
  ['commit', (call: Call) => [commitOf(call)]],
  ['user', (call: Call) => [userOf(call)]],
  ['commit,user', (call: Call) => [commitOf(call), userOf(call)]],
  ['user,commit', (call: Call) => [userOf(call), commitOf(call)]],
  ['model,commit', (call: Call) => [call.model, commitOf(call)]],
])('by %s', (list, namesOf) => {
  const groups = list.split(',').map(group)
  const whole = expected(namesOf)
  const shape = ({ names, sums, sessions }: ReturnType<typeof groupUse>['parts'][number]) => {
    return { names, cost: Math.round(sums.costUsd * 1e9), calls: sums.calls, sessions }
  }

  test.each([Number.POSITIVE_INFINITY, 10_000, 500, 200, 2, 1])('at most %d parts', (limit) => {
    const { parts, rest, sums, sessions } = groupUse(days(), groups, naming(), { limit })
    const first = whole.length > limit ? whole.slice(0, limit - 1) : whole
    expect(parts.map(shape)).toEqual(first)
    const others = whole.slice(first.length)
    const sum = (of: (part: (typeof whole)[number]) => number) =>
      others.reduce((all, part) => all + of(part), 0)
    expect(rest === undefined ? 0 : Math.round(rest.sums.costUsd * 1e9)).toBe(sum((p) => p.cost))
    expect(rest?.sessions ?? 0).toBe(sum((part) => part.sessions))
    expect(sums.calls).toBe(CALLS.length)
    expect(sessions).toBe(SESSIONS)
  })

  test('asked again, and of some days alone', () => {
    const all = days()
    const named = naming()
    const once = groupUse(all, groups, named)
    expect(groupUse(all, groups, named)).toEqual(once)
    const some = all.slice(3, 5)
    expect(groupUse(some, groups, named)).toEqual(groupUse(some, groups, naming()))
    expect(groupUse(days(), groups, named)).toEqual(once)
  })
})

test('names that were numbered follow what is known of pull requests', () => {
  const all = days()
  const columns = createGroupColumns()
  const names = (pullRequestOf: Naming['pullRequestOf']) =>
    groupUse(all, [group('pull-request')], naming({ columns, pullRequestOf })).parts.map(
      (part) => part.names[0],
    )
  expect(names(() => null)).toEqual([null])
  expect(names(({ session }) => (session === 1 ? 'https://x.example/pull/1' : null))).toEqual([
    null,
    'https://x.example/pull/1',
  ])
})

test('more names than may be remembered change no answer', () => {
  const all = days()
  const few = naming({ columns: createGroupColumns(10) })
  const once = groupUse(all, [group('commit')], naming())
  for (let n = 0; n < 2; n += 1) expect(groupUse(all, [group('commit')], few)).toEqual(once)
})

test('conditions name rows as groups do', () => {
  const named = naming()
  const conditions = {
    only: [{ group: group('commit'), isAsked: (name: string | null) => name === null }],
    naming: named,
  }
  const { parts, sums } = groupUse(days(), [group('model')], named, { conditions })
  const own = CALLS.filter((call) => commitOf(call) === null)
  expect(sums.calls).toBe(own.length)
  expect(parts.reduce((sum, part) => sum + part.sums.calls, 0)).toBe(own.length)
  expect(parts.map(({ sessions }) => sessions)).toEqual([SESSIONS, SESSIONS])
})
