/** A budget alert in a session's trace, and whose spending a session's is. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { BudgetAlert, PassedThreshold } from '../../../src/domain/budget.ts'
import type { Identity } from '../../../src/domain/identity.ts'
import { budgetEvents } from '../../../src/sessions/budget-event.ts'
import { foldSessions } from '../../../src/sessions/fold.ts'
import { reduce } from '../../../src/sessions/reduce.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import { answer, arrives, at, call, closing, fresh, policy, prompt, run } from './events.ts'

const alert: BudgetAlert = {
  scope: 'user',
  subject: 'ada@example.com',
  date: '2026-11-21',
  threshold: 80,
  limitUsd: 1,
  spentUsd: 0.85,
  atMs: at(3),
}

const inTurn = run([arrives(prompt(0)), arrives(call(2, 'r1'))]).state

describe('the event of an alert', () => {
  test('stands below the root of the turn that the session is in', () => {
    expect(budgetEvents(inTurn, alert, policy)).toEqual([
      expect.objectContaining({
        kind: 'observation',
        type: 'event',
        sessionKey: 'claude-code/s1',
        traceKey: 'claude-code/s1/turn/prompt-p1',
        parentKey: 'root',
        name: 'budget nearly spent',
        startMs: at(2),
        endMs: at(2),
        level: 'WARNING',
        statusMessage:
          'passed 80 % of the daily budget of ada@example.com: $0.85 of $1.00 spent on 2026-11-21',
        metadata: {
          event: 'budget',
          scope: 'user',
          user: 'ada@example.com',
          date: '2026-11-21',
          threshold_percent: 80,
          limit_usd: 1,
          spent_usd: 0.85,
        },
        context: expect.objectContaining({ sessionId: 's1', userId: 'ada@example.com' }),
      }),
    ])
  })

  test('changes nothing of the session', () => {
    const before = structuredClone(inTurn)
    budgetEvents(inTurn, alert, policy)
    expect(inTurn).toEqual(before)
  })

  test.each<[string, SessionState, string]>([
    ['a later turn', laterTurn(), 'claude-code/s1/turn/prompt-p2'],
    ['a turn that has ended', run([closing(9)], inTurn).state, 'claude-code/s1/turn/prompt-p1'],
  ])('is found in %s', (_, state, traceKey) => {
    expect(budgetEvents(state, alert, policy)).toMatchObject([{ traceKey, parentKey: 'root' }])
  })

  test("hangs in the agent's own trace where it traces", () => {
    const traceId = 'a'.repeat(32)
    const { state } = run([arrives(prompt(0, 'go', { traceId })), arrives(call(2, 'r1'))])
    expect(budgetEvents(state, alert, policy)).toMatchObject([{ agentTraceId: traceId }])
  })

  test('has a key of its own for each thing that names an alert', () => {
    const changes: Partial<BudgetAlert>[] = [
      {},
      { threshold: 100 },
      { limitUsd: 2 },
      { date: '2026-11-22' },
      { scope: 'team' },
      { subject: 'eve' },
    ]
    const keys = changes.map((change) => keyOf({ ...alert, ...change }))
    expect(new Set(keys).size).toBe(changes.length)
    expect(keyOf({ ...alert, spentUsd: 0.9, atMs: 1 })).toBe(keyOf(alert))
  })

  test('of a managed budget names it, and is told again once a rolling window has passed', () => {
    const managed = {
      ...alert,
      scope: 'project',
      subject: 'shop',
      budget: 'b',
      window: 'week',
    } as const
    expect(budgetEvents(inTurn, managed, policy)).toMatchObject([
      {
        statusMessage:
          'passed 80 % of the weekly budget "b" of project shop: $0.85 of $1.00 spent in the week of 2026-11-21',
        metadata: { scope: 'project', project: 'shop', budget: 'b', window: 'week', limit_usd: 1 },
      },
    ])
    const rolling = { ...managed, window: '5h', date: '' } as const
    const changes = [
      ...[alert, managed, { ...managed, budget: 'c' }, { ...managed, date: '2026-11-28' }],
      ...[rolling, { ...rolling, atMs: at(4) }],
    ]
    expect(new Set(changes.map(keyOf)).size).toBe(changes.length)
    expect(keyOf({ ...managed, spentUsd: 0.9, atMs: at(4) })).toBe(keyOf(managed))
    expect(keyOf({ ...rolling, spentUsd: 0.9 })).toBe(keyOf(rolling))
  })

  test('decides a session only where something is shown of it', () => {
    const input = { kind: 'budget', alert } as const
    const shown = reduce(inTurn, [input], policy)
    expect(shown.controls).toEqual([input])
    expect(shown.emissions).toEqual(budgetEvents(inTurn, alert, policy))
    expect(shown.state).toEqual(inTurn)
    expect(reduce(fresh(), [input], policy)).toMatchObject({ controls: [], emissions: [] })
  })

  test('is not said of a session that has had no turn', () => {
    expect(budgetEvents(fresh(), alert, policy)).toEqual([])
  })
})

describe('spending moves', () => {
  const user = (userId: string): Identity => ({ userId })
  const team = (name: string): Identity => ({ userId: 'ada', labels: { team: name } })
  test.each<[string, Identity, Identity, boolean]>([
    ['not while both stay', user('ada'), user('ada'), false],
    ['with the user', user('anonymous'), user('ada'), true],
    ['with the team', team('red'), team('blue'), true],
    ['when the team becomes known', user('ada'), team('red'), true],
    ['not with another label', user('ada'), { labels: { colour: 'red' } }, false],
  ])('%s', (_, first, then, isMoved) => {
    const before = run([arrives(call(1, 'r1', { identity: first }))]).state
    expect(isMovedBy(call(2, 'r2', { identity: then }), before)).toBe(isMoved)
  })

  test('not of a session that has spent nothing', () => {
    const before = run([arrives(prompt(0, 'go', { identity: user('anonymous') }))]).state
    expect(isMovedBy(call(2, 'r2', { identity: user('ada') }), before)).toBe(false)
  })
})

function laterTurn(): SessionState {
  const first = [arrives(prompt(0)), arrives(call(1, 'r1')), arrives(answer(1, 'r1', 'done'))]
  const second = arrives(prompt(5, 'more', { promptId: 'p2' }))
  return run([...first, second, arrives(call(6, 'r2', { promptId: 'p2' }))]).state
}

function keyOf(of: PassedThreshold): string | undefined {
  const [event] = budgetEvents(inTurn, of, policy)
  return event?.key
}

function isMovedBy(item: AgentEvent, before: SessionState): boolean | undefined {
  const arrival = {
    sessionKey: before.key,
    item,
    origin: { resource: {}, scopeName: '', scopeVersion: '' },
    stored: { signal: 'hook', record: { body: {}, labels: {} } },
    arrivedMs: item.timeMs,
  } as const
  const deps = { policy, known: () => before, onFailure: () => {} }
  return foldSessions([arrival], [], deps).usage[0]?.isMoved
}

describe('the event of a refusal', () => {
  const reason = 'The daily budget is spent: $2.00 of $1.00'
  const refusal = {
    scope: 'day',
    ...{ subject: '', date: '2026-11-21', limitUsd: 1, spentUsd: 2, reason },
  } as const
  const hook = { agent: 'claude-code', sessionId: 's1', identity: {} }
  const submit = arrives({
    ...hook,
    kind: 'turn_start_report',
    name: 'UserPromptSubmit',
    dedupKey: 'hook|UserPromptSubmit|p2',
    promptId: 'p2',
    prompt: 'one more',
    timeMs: at(4),
    refusal: { ...refusal, step: 'prompt' },
  })
  const preTool = arrives({
    ...hook,
    kind: 'tool_report',
    name: 'PreToolUse',
    dedupKey: 'hook|PreToolUse|u1',
    promptId: 'p1',
    tool: 'Bash',
    toolUseId: 'u1',
    state: 'begun',
    timeMs: at(3),
    refusal: { ...refusal, step: 'tool' },
  })
  const refused = (inputs: Parameters<typeof run>[0]) =>
    run(inputs).observations.filter(({ metadata }) => metadata.event === 'budget_refusal')

  test('of a prompt stands in the turn that it would have begun', () => {
    const inputs = [arrives(prompt(0)), arrives(call(2, 'r1')), submit, closing(60)]
    expect(refused(inputs)).toEqual([
      expect.objectContaining({
        type: 'event',
        traceKey: 'claude-code/s1/turn/prompt-p2',
        parentKey: 'root',
        name: 'prompt refused',
        startMs: at(4),
        level: 'WARNING',
        statusMessage: reason,
        metadata: {
          ...{ event: 'budget_refusal', scope: 'day', date: '2026-11-21' },
          ...{ limit_usd: 1, spent_usd: 2 },
        },
      }),
    ])
    const roots = run(inputs).observations.filter(({ key }) => key === 'root')
    expect(roots.map(({ traceKey }) => traceKey)).toContain('claude-code/s1/turn/prompt-p2')
  })

  test('of a tool stands in the turn that it stopped, also when that has ended', () => {
    const turn = [arrives(prompt(0)), arrives(call(2, 'r1'))]
    for (const inputs of [
      [...turn, preTool],
      [...turn, closing(9), preTool],
    ]) {
      expect(refused(inputs)).toEqual([
        expect.objectContaining({
          traceKey: 'claude-code/s1/turn/prompt-p1',
          name: 'turn stopped',
          metadata: expect.objectContaining({ tool: 'Bash' }),
        }),
      ])
    }
  })

  test('is told once, however the session is cut', () => {
    const inputs = [arrives(prompt(0)), arrives(call(2, 'r1')), preTool, submit, closing(60)]
    let state: SessionState | undefined
    const parts = inputs.flatMap((input) => {
      const step = run([input], state)
      state = step.state
      return step.observations
    })
    expect(parts).toEqual(run(inputs).observations)
  })
})
