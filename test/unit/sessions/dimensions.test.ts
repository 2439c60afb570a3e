/** What model calls are counted under, beside model and time. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type {
  AgentEvent,
  ModelCallEvent,
  ModelUsageEvent,
} from '../../../src/domain/agent-event.ts'
import { dimensions, type ModelUsage } from '../../../src/domain/usage.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import {
  arrives,
  at,
  call,
  closing,
  failure,
  fresh,
  policy,
  prompt,
  sample,
  subagentEnd,
  tick,
  told,
} from './events.ts'

/** The rows that a store would have after these inputs, one step for each. */
function rowsOf(inputs: readonly SessionInput[]): readonly ModelUsage[] {
  const rows = new Map<string, ModelUsage>()
  let state = fresh()
  for (const input of inputs) {
    const step = reduce(state, [input], policy)
    // As if it had been stored and read again.
    state = JSON.parse(JSON.stringify(step.state)) as typeof state
    for (const row of step.usage.models) {
      const { bucketMs, model, isSubagent, dimensions } = row
      const key = JSON.stringify([bucketMs, model, isSubagent, dimensions])
      const known = rows.get(key)
      rows.set(key, known === undefined ? { ...row } : added(known, row))
    }
  }
  return [...rows.values()]
}

const AMOUNTS = [
  'calls',
  'errors',
  'costUsd',
  'estimatedUsd',
  'metricsUsd',
  'unpricedCalls',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheCreationTokens',
  'durationMs',
] as const

function added(known: ModelUsage, more: ModelUsage): ModelUsage {
  const sum = { ...known }
  for (const name of AMOUNTS) sum[name] = Number((known[name] + more[name]).toFixed(9))
  return sum
}

const isSomething = (row: ModelUsage): boolean => AMOUNTS.some((name) => row[name] !== 0)

/** The rows in which something is left, without the amounts that do not matter here. */
const brief = (inputs: readonly SessionInput[]) =>
  rowsOf(inputs)
    .filter(isSomething)
    .map(({ dimensions, calls, costUsd }) => ({ ...dimensions, calls, costUsd }))

const attribution = {
  skill: 'greet',
  mcpServer: 'demo',
  plugin: 'tools',
  effort: 'high',
  workflow: 'review',
  mcpTool: 'add',
}

describe('a call', () => {
  test('counts under what its record says', () => {
    const named = call(1, 'r1', { querySource: 'sdk', attribution })
    expect(brief([arrives(prompt(0)), arrives(named), arrives(call(2, 'r2'))])).toEqual([
      { querySource: 'sdk', ...attribution, costSource: 'agent', calls: 1, costUsd: 0.01 },
      { costSource: 'agent', calls: 1, costUsd: 0.01 },
    ])
  })

  const begun: AgentEvent = {
    kind: 'subagent_report',
    agent: 'claude-code',
    sessionId: 's1',
    dedupKey: 'begun',
    name: 'SubagentStart',
    timeMs: at(0),
    promptId: 'p1',
    identity: {},
    subagentId: 'a1',
    subagentType: 'Explore',
    state: 'begun',
  }

  test('of a subagent counts under its type, whoever told that', () => {
    const inputs = [
      arrives(prompt(0)),
      arrives(begun),
      arrives(call(1, 'r1', { subagentId: 'a1' })),
      arrives(call(2, 'r2', { subagentId: 'a2', subagentType: 'Plan' })),
    ]
    expect(brief(inputs)).toEqual([
      { subagentType: 'Explore', costSource: 'agent', calls: 1, costUsd: 0.01 },
      { subagentType: 'Plan', costSource: 'agent', calls: 1, costUsd: 0.01 },
    ])
  })

  test('of a subagent whose type is told later counts under it from then on', () => {
    const inputs = [
      arrives(prompt(0)),
      arrives(call(1, 'r1', { subagentId: 'a1', attribution: { effort: 'low' } })),
      arrives(call(1000, 'r2', { subagentId: 'a1' })),
    ]
    const common = { costSource: 'agent', calls: 1, costUsd: 0.01 }
    expect(brief(inputs)).toEqual([
      { subagentType: 'unknown', effort: 'low', ...common },
      { subagentType: 'unknown', ...common },
    ])
    expect(brief([...inputs, arrives(subagentEnd(1001, 'a1'))])).toEqual([
      { subagentType: 'general-purpose', effort: 'low', ...common },
      { subagentType: 'general-purpose', ...common },
    ])
  })

  test('counts under the slash command of its turn', () => {
    const command = (seconds: number, promptId: string, name: string): AgentEvent =>
      Object.assign(prompt(seconds, `/${name}`, { promptId }), { command: name })
    const inputs = [
      arrives(command(0, 'p1', 'review')),
      arrives(call(1, 'r1')),
      arrives(call(2, 'r2', { subagentId: 'a1', subagentType: 'Plan' })),
      arrives(prompt(3, 'go on', { promptId: 'p2' })),
      arrives(call(4, 'r3', { promptId: 'p2' })),
      // Late, when its turn is over.
      arrives(call(900, 'r4')),
    ]
    const common = { costSource: 'agent', costUsd: 0.01, calls: 1 }
    expect(brief(inputs)).toEqual([
      { command: 'review', ...common },
      { command: 'review', subagentType: 'Plan', ...common },
      { ...common },
      { command: 'review', ...common },
    ])
  })

  test('that failed counts under what its record says, with no cost', () => {
    const failed = { ...failure(1, 'overloaded'), querySource: 'sdk', attribution }
    const [row] = rowsOf([arrives(failed)])
    expect(row).toMatchObject({ errors: 1, dimensions: { querySource: 'sdk', ...attribution } })
    expect(row?.dimensions).not.toHaveProperty('costSource')
  })
})

describe('who says the cost', () => {
  const priced = { ...policy, priceOf: () => ({ usd: 0.5, byKind: {}, source: 'estimated' }) }

  test.each([
    ['estimated', priced],
    [undefined, policy],
  ])('is %s where the agent did not', (costSource, of) => {
    const { cost: _, ...unpriced } = call(1, 'r1')
    const { usage } = reduce(fresh(), [arrives(unpriced)], of as typeof policy)
    expect(usage.models.map(({ dimensions }) => dimensions.costSource)).toEqual([costSource])
  })

  test('is metrics, where these alone told it; they name what calls were made for', () => {
    const dimensions = { querySource: 'main', skill: 'greet' }
    const spent = [
      sample(60, 'cost_usd', 0.25, { dimensions }),
      sample(60, 'cost_usd', 0.5, { dedupKey: 'plain', dimensions: { querySource: 'main' } }),
    ]
    const told = [
      { ...dimensions, costSource: 'metrics', calls: 0, costUsd: 0.25 },
      { querySource: 'main', costSource: 'metrics', calls: 0, costUsd: 0.5 },
    ]
    expect(brief(spent.map((each) => arrives(each)))).toEqual(told)
    // Its event comes after all: nothing of the metrics is left.
    const late = call(59, 'r1', { querySource: 'sdk' })
    expect(brief([...spent, late].map((each) => arrives(each)))).toEqual([
      { querySource: 'sdk', costSource: 'agent', calls: 1, costUsd: 0.01 },
    ])
  })
})

function bareCall(seconds: number, requestId: string, more: Partial<ModelCallEvent> = {}) {
  const { usage: _, cost: __, ...bare } = call(seconds, requestId, more)
  return bare as ModelCallEvent
}

function usage(seconds: number, requestId: string, usd: number | undefined): ModelUsageEvent {
  return {
    kind: 'model_usage',
    agent: 'claude-code',
    sessionId: 's1',
    dedupKey: `usage|${requestId}`,
    name: 'usage',
    timeMs: at(seconds),
    promptId: 'p1',
    identity: {},
    requestId,
    model: 'claude-opus-5-5',
    usage: { input: 1, output: 2, cacheRead: 3, cacheCreation: 4 },
    ...(usd !== undefined && told(usd)),
  }
}

describe('usage that another record than its call tells', () => {
  const bare = bareCall(1, 'r1', { querySource: 'sdk', attribution })
  const named = { querySource: 'sdk', ...attribution }

  test.each([
    ['after it', [bare, usage(2, 'r1', 0.25)]],
    ['in another quarter of an hour', [bare, usage(5, 'r1', 0.25)]],
    ['before it', [usage(1, 'r1', 0.25), bare]],
  ])('%s counts under the call, with the call', (_, records) => {
    const counted = brief(records.map((record) => arrives(record)))
    expect(counted).toEqual([{ ...named, costSource: 'agent', calls: 1, costUsd: 0.25 }])
  })

  test('that never comes leaves the call without a cost', () => {
    const rows = rowsOf([arrives(bare), tick(60), closing(61)]).filter(isSomething)
    expect(rows).toMatchObject([{ dimensions: named, calls: 1, unpricedCalls: 1 }])
  })
})

test('the sets of a session are bounded; what is beyond shares one', () => {
  const inputs = Array.from({ length: 300 }, (_, n) =>
    arrives(call(n, `r${n}`, { attribution: { skill: `skill-${n}` } })),
  )
  const rows = rowsOf(inputs)
  expect(rows).toHaveLength(201)
  const others = rows.find(({ dimensions }) => dimensions.skill === '(other)')
  expect(others).toMatchObject({ calls: 100, dimensions: { costSource: 'agent' } })
  expect(rows.reduce((sum, { calls }) => sum + calls, 0)).toBe(300)
})

test('long names are bounded in bytes as well', () => {
  const long = (n: number) => `${n}`.padEnd(200, '…')
  const inputs = Array.from({ length: 100 }, (_, n) =>
    arrives(call(n, `r${n}`, { attribution: { skill: long(n), plugin: long(n) } })),
  )
  const { state } = reduce(fresh(), inputs, policy)
  expect(JSON.stringify(state.totals.dimensions).length).toBeLessThan(20_000)
})

const names = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined })

/** Calls, their usage apart, failures, subagents that are named late or never, and metrics. */
const sessions: fc.Arbitrary<SessionInput[]> = fc
  .array(
    fc.record({
      what: fc.constantFrom('call', 'bare', 'usage', 'error', 'type', 'metric', 'tick'),
      of: fc.record({ querySource: names, skill: names, mcpServer: names, effort: names }),
      subagent: fc.option(fc.constantFrom('a1', 'a2'), { nil: undefined }),
      isTyped: fc.boolean(),
      isPriced: fc.boolean(),
      ref: fc.nat(5),
      gap: fc.integer({ min: 0, max: 600 }),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let seconds = 0
    return steps.map(({ what, of, subagent, isTyped, isPriced, ref, gap }, n) => {
      seconds += gap
      const { querySource, ...rest } = defined(of)
      const more = {
        dedupKey: `${what}|${n}`,
        attribution: rest,
        ...(querySource !== undefined && { querySource }),
        ...(subagent !== undefined && { subagentId: subagent }),
        ...(subagent !== undefined && isTyped && { subagentType: `type-${subagent}` }),
        model: `model-${ref % 2}`,
      } as Partial<ModelCallEvent>
      switch (what) {
        case 'call': {
          const { cost: _, ...unpriced } = call(seconds, `r${n}`, more)
          return arrives(isPriced ? { ...unpriced, ...told(0.01 * (n + 1)) } : unpriced)
        }
        case 'bare':
          return arrives(bareCall(seconds, `b${ref}`, more))
        case 'usage':
          return arrives(usage(seconds, `b${ref}`, isPriced ? 0.1 * (n + 1) : undefined))
        case 'error':
          return arrives({ ...failure(seconds, 'no'), ...more } as ReturnType<typeof failure>)
        case 'type':
          return arrives(subagentEnd(seconds, subagent ?? 'a1'))
        case 'metric':
          return arrives(
            sample(seconds, 'cost_usd', 0.3, { dedupKey: `metric|${n}`, dimensions: defined(of) }),
          )
        default:
          return tick(seconds)
      }
    })
  })

function defined(of: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(of).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

test('the groups of any dimension add up to the total, and no group is negative', () => {
  fc.assert(
    fc.property(sessions, (inputs) => {
      const rows = rowsOf([...inputs, closing(100_000)])
      const { totals } = reduce(fresh(), [...inputs, closing(100_000)], policy).state
      for (const dimension of dimensions) {
        const groups = Map.groupBy(rows, ({ dimensions }) => dimensions[dimension])
        const sums = [...groups.values()].map((of) => of.reduce(added))
        for (const sum of sums) {
          for (const name of AMOUNTS)
            expect(sum[name], `${dimension} ${name}`).toBeGreaterThan(-1e-9)
        }
        const [first, ...more] = sums
        if (first === undefined) continue
        expect(more.reduce(added, first)).toMatchObject({
          calls: totals.modelCalls,
          errors: totals.modelErrors,
          unpricedCalls: totals.unpricedCalls,
          inputTokens: totals.usage.input + totals.metricsUsage.input,
          costUsd: Number((totals.costUsd + totals.metricsUsd).toFixed(9)),
          estimatedUsd: totals.estimatedUsd,
        })
      }
    }),
    { numRuns: 300 },
  )
})
