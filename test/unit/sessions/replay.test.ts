/** A session told again: up to where it is, under the policies of then, shown as today. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import { policyAsRecorded, policyText } from '../../../src/sessions/policy.ts'
import { createReplay } from '../../../src/sessions/replay.ts'
import { answer, arrives, at, call, closing, policy, prompt, run, tick } from './events.ts'

const KEY = 'claude-code/s1'

function arrival(item: AgentEvent): Arrival {
  return {
    sessionKey: KEY,
    item,
    origin: { resource: {}, scopeName: '', scopeVersion: '' },
    stored: { signal: 'hook', record: { body: {}, labels: {} } },
    arrivedMs: item.timeMs,
  }
}

const events = [prompt(0, 'x'.repeat(50)), call(1, 'r1'), answer(2, 'r1', 'hi')]
const shutdown = { kind: 'close', reason: 'shutdown', atMs: at(5) } as const

test('says nothing before the first record', () => {
  const replay = createReplay(KEY, policy)
  expect(replay.control(shutdown)).toEqual([])
  expect(replay.closing()).toEqual({ emissions: [], state: undefined })
  expect(replay.state()).toBeUndefined()
})

test('says of an open session what was said, and apart from that what closing it would say', () => {
  const replay = createReplay(KEY, policy)
  expect(replay.add(events.map(arrival)).map(nameOf)).toEqual(['chat claude-opus-5-5'])
  const before = replay.state()
  const { emissions, state } = replay.closing()
  expect(emissions.map(nameOf).slice(0, 2)).toEqual(['conversation', 'session-summary'])
  expect(state?.closed).toBe('idle')
  expect(replay.state()).toBe(before)
})

test('says nothing more of a session that is closed', () => {
  const replay = createReplay(KEY, policy)
  replay.add(events.map(arrival))
  const live = run([...events.map((event) => arrives(event)), closing(5)])
  expect(replay.control(shutdown)).toEqual(live.emissions.slice(1))
  expect(replay.closing().emissions).toEqual([])
})

describe('a policy that was in force', () => {
  const then = { ...policy, quietTimeoutMs: 2_000, maxContentLength: 9, tagLabels: ['other'] }

  test('decides what there is; how it looks is decided today', () => {
    const replay = createReplay(KEY, { ...policy, maxContentLength: 20 })
    replay.underPolicy(JSON.parse(policyText(then)))
    replay.add(events.map(arrival))
    const tickAtQuiet = tick(4)
    if (tickAtQuiet.kind === 'record') throw new Error('no control')
    const [root] = replay.control(tickAtQuiet)
    expect(root).toMatchObject({ name: 'conversation', metadata: { ended_by: 'quiet' } })
    expect(root).toMatchObject({ input: `${'x'.repeat(20)}… [cut: 20 of 50 characters]` })
  })

  test.each([
    ['nothing', undefined],
    ['no object', 'text'],
    ['no numbers', { quietTimeoutMs: 'soon', maxContentLength: 1 }],
  ])('of which %s is known is that of today', (_, recorded) => {
    expect(policyAsRecorded(policy, recorded)).toEqual(policy)
  })

  test('may lack what was added since', () => {
    expect(policyAsRecorded(policy, { joinTimeoutMs: 1 })).toEqual({ ...policy, joinTimeoutMs: 1 })
  })
})

function nameOf(emission: { readonly name: string }): string {
  return emission.name
}
