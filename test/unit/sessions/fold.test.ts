/** The fold of a commit: what fails is left out, what decided is told, and who is found elsewhere now. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { Identity } from '../../../src/domain/identity.ts'
import type { Arrival, SessionUsage } from '../../../src/domain/session-store.ts'
import { bucketOf } from '../../../src/domain/usage.ts'
import { foldSessions } from '../../../src/sessions/fold.ts'
import { createReplay } from '../../../src/sessions/replay.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import type { Control } from '../../../src/sessions/work-queue.ts'
import { answer, arrives, at, call, closing, policy, prompt, run, tick } from './events.ts'

const KEY = 'claude-code/s1'

function arrival(item: AgentEvent, resource: Readonly<Record<string, string>> = {}): Arrival {
  return {
    sessionKey: KEY,
    item,
    origin: { resource, scopeName: '', scopeVersion: '' },
    stored: { signal: 'hook', record: { body: {}, labels: {} } },
    arrivedMs: item.timeMs,
  }
}

function fold(
  arrivals: readonly Arrival[],
  controls: readonly Control[] = [],
  before?: SessionState,
) {
  const errors: unknown[] = []
  const outcome = foldSessions(arrivals, controls, {
    policy,
    known: () => before,
    onFailure: (_, error) => errors.push(error),
  })
  return { ...outcome, errors, row: outcome.sessions[0] }
}

const broken = (seconds: number): AgentEvent => ({
  ...call(seconds, `broken ${seconds}`),
  usage: null as never,
})

describe('a record that cannot be folded', () => {
  const good = [prompt(0), call(1, 'r1'), answer(2, 'r1', 'hi')] as const

  test('is left out alone, wherever it stands', () => {
    const arrivals = [broken(0.5), ...good, broken(3)].map((item) => arrival(item))
    const { row, emissions, errors } = fold(arrivals)
    expect(errors).toHaveLength(2)
    expect(row).toMatchObject({ modelCalls: 1, prompts: 1, closeReason: undefined })
    expect(row?.deadlineMs).toBeGreaterThan(0)
    expect(emissions).toHaveLength(1)
  })

  test('is left out by a replay as well, however its neighbours were committed', () => {
    const items = [good[0], broken(0.5), good[1], broken(1.5), good[2]]
    const replay = createReplay(KEY, policy)
    const again = replay.add(items.map((item) => arrival(item)))
    const { emissions, row } = fold(items.map((item) => arrival(item)))
    expect(again).toEqual(emissions)
    expect(replay.state()).toEqual(row?.state)
  })

  test('parks a session of which it is all', () => {
    const { row } = fold([arrival(broken(0))])
    expect(row).toMatchObject({ closeReason: 'failed', deadlineMs: undefined })
  })
})

describe('controls', () => {
  const open = run([arrives(prompt(0)), arrives(call(1, 'r1'))]).state
  const control = (input: Control['input']): Control => ({ sessionKey: KEY, input })

  test.each<[string, Control['input'], boolean]>([
    ['a tick at which a call is let go', tick(8), true],
    ['a tick at which nothing is due', tick(7), false],
    ['a closing', closing(3), true],
  ])('%s', (_, input, isTold) => {
    const { controls } = fold([], [control(input)], open)
    expect(controls).toEqual(isTold ? [{ sessionKey: KEY, control: input }] : [])
  })

  test('of a session that is closed decide nothing', () => {
    const closed = run([closing(3)], open).state
    expect(fold([], [control(closing(4)), control(tick(9999))], closed).controls).toEqual([])
  })

  test('make no difference when they decided nothing', () => {
    const inputs = [arrives(answer(2, 'r1', 'hi')), arrives(call(10, 'r2')), closing(60)]
    const idle = [tick(1.5), ...inputs.flatMap((input) => [input, tick(10.5)])]
    expect(run(idle, open).emissions).toEqual(run(inputs, open).emissions)
  })
})

describe('what a session did before is regrouped', () => {
  const ada: Identity = { userId: 'ada', labels: { team: 'red', project: 'shop' } }
  const at1 = { promptId: 'p1', identity: ada }
  const before = run([
    arrives(prompt(0, 'go', at1)),
    arrives(call(1, 'r1', { identity: ada })),
  ]).state
  const next = (change: Partial<AgentEvent>, resource?: Readonly<Record<string, string>>) =>
    fold([arrival({ ...call(2000, 'r2'), ...change } as AgentEvent, resource)], [], before).usage[0]
  const labels = (change: Readonly<Record<string, string>>): Partial<AgentEvent> => ({
    identity: { ...ada, labels: { ...ada.labels, ...change } },
  })
  const span = { fromMs: bucketOf(before.firstMs), toMs: at(1) + 1 }

  test.each<[string, SessionUsage | undefined, boolean]>([
    ['not while all stays', next(labels({})), false],
    ['with the user', next({ identity: { ...ada, userId: 'eve' } }), true],
    ['with the team', next(labels({ team: 'blue' })), true],
    ['with the project', next(labels({ project: 'site' })), true],
    ['with any label', next(labels({ colour: 'red' })), true],
    ['with any resource attribute', next(labels({}), { 'host.name': 'h1' }), true],
    ['with another model', next({ ...labels({}), model: 'claude-haiku' }), true],
    [
      'with an earlier first prompt',
      next({ ...prompt(-5, 'before', { promptId: 'p0', identity: ada }) }),
      true,
    ],
  ])('%s', (_, used, isRegrouped) => {
    expect(used?.regrouped).toEqual(isRegrouped ? span : undefined)
  })

  test('only where there was something', () => {
    expect(fold([arrival(prompt(0, 'go', at1))]).usage[0]?.regrouped).toBeUndefined()
    const nothing = run([]).state
    expect(fold([arrival(prompt(0, 'go', at1))], [], nothing).usage[0]?.regrouped).toBeUndefined()
  })
})
