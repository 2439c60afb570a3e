/** States as they are stored, by this program, older ones, newer ones, and after damage. */
import { describe, expect, test } from 'vitest'
import type { StoredState } from '../../../src/domain/stored-state.ts'
import { readState } from '../../../src/sessions/stored-state.ts'
import { STATE_VERSION, type SessionState } from '../../../src/sessions/state.ts'
import {
  answer,
  arrives,
  at,
  call,
  closing,
  decision,
  lines,
  prompt,
  result,
  run,
  span,
} from './events.ts'

type Facts = Omit<StoredState, 'version' | 'text'>

const facts: Facts = {
  sessionKey: 'claude-code/s1',
  title: undefined,
  firstPromptMs: undefined,
  firstCommitMs: undefined,
}

const read = (state: unknown, version = STATE_VERSION, more: Partial<Facts> = {}) =>
  readState({ ...facts, ...more, version, text: JSON.stringify(state) })

function readable(...args: Parameters<typeof read>): SessionState {
  const state = read(...args)
  if (!state.ok) throw new Error(state.error)
  return state.value
}

const busy = run([
  arrives(prompt(0)),
  arrives(decision(1, 't1')),
  arrives(call(1.1, 'r1')),
  arrives(span('model_call', 0, 1, { requestId: 'unknown' })),
]).state

test('what this program wrote is read as it was', () => {
  expect(readable(busy)).toEqual(JSON.parse(JSON.stringify(busy)))
})

function without<T extends object>(of: T, ...names: readonly (keyof T)[]): object {
  return Object.fromEntries(Object.entries(of).filter(([name]) => !names.includes(name as keyof T)))
}

/** As the first program wrote it: without all that later ones added. */
function firstState(change: object = {}): object {
  const turns = Object.entries(busy.turns).map(([key, turn]) => {
    const held = turn.held.map((call) => without(call, 'waitsFor'))
    const added = ['heldTools', 'shownTools', 'subagents', 'sentSubagents'] as const
    const hooks = ['reportedTools', 'isApart', 'synthetic'] as const
    return [key, { ...without(turn, ...added, ...hooks), held }]
  })
  return {
    ...without(
      busy,
      'attributes',
      'toldMs',
      'forgotten',
      'hasDroppedTurns',
      'hasTelemetry',
      'joins',
      'earlyNotes',
      'traced',
      'bodied',
      'firstPrompt',
      'firstPromptMs',
    ),
    version: 1,
    totals: without(busy.totals, 'syntheticPrompts', 'retries', 'hooks', 'subagents'),
    turns: Object.fromEntries(turns),
    ended: { 'prompt-p0': { ordinal: 1, segment: 1 } },
    endedBeforeMs: 0,
    ...change,
  }
}

describe('a state of version 1', () => {
  test('of the first program goes on in the middle of its turn', () => {
    const state = readable(firstState(), 1)
    const told = run(
      [
        arrives(answer(1.1, 'r1', 'first')),
        arrives(result(2, 't1')),
        arrives(call(3, 'r2', { promptId: 'p0' })),
        closing(9),
      ],
      state,
    )
    expect(lines(told.observations)).toEqual([
      'generation chat claude-opus-5-5 @turn/prompt-p1',
      'tool Bash @turn/prompt-p1',
      'agent conversation @turn/prompt-p1',
      'generation chat claude-opus-5-5 @turn/prompt-p0',
      'span session-summary @summary/1',
    ])
    expect(told.observations[0]?.output).toMatchObject({
      content: 'first',
      tool_calls: [{ id: 't1', function: { name: 'Bash' } }],
    })
    expect(told.state.version).toBe(STATE_VERSION)
  })

  test('knows what its row knows of the first prompt', () => {
    const known = { title: 'do it', firstPromptMs: at(0), firstCommitMs: at(5) }
    expect(readable(firstState(), 1, known)).toMatchObject({
      firstPrompt: 'do it',
      firstPromptMs: at(0),
      firstCommitMs: at(5),
    })
  })

  test('that had forgotten turns gives none of them a second root', () => {
    const state = readable(firstState({ endedBeforeMs: at(-100) }), 1)
    const late = run([arrives(call(-200, 'r9', { promptId: 'old' })), closing(9)], state)
    const root = late.observations.find((o) => o.metadata.prompt_id === 'old')
    expect(root).toMatchObject({ key: 'root', traceKey: 'claude-code/s1/turn/prompt-old~2' })
  })

  test('keeps its labels until a newer record tells others', () => {
    const identity = { userId: 'ada', labels: { team: 'red' } }
    const state = readable(firstState({ identity }), 1)
    expect(state.attributes).toEqual({ team: 'red' })
    const of = (seconds: number, team: string) =>
      arrives(call(seconds, `r${seconds}`, { identity: { labels: { team } } }))
    expect(run([of(0.5, 'older')], state).state.identity.labels).toEqual({ team: 'red' })
    expect(run([of(5, 'newer')], state).state.identity.labels).toEqual({ team: 'newer' })
  })

  test('sends no subagent twice that it had sent', () => {
    const sent = { ordinal: 1, segment: 1, subagents: { ':a1': 1 } }
    const state = readable(firstState({ ended: { 'prompt-p0': sent } }), 1)
    const again = call(5, 'r5', { promptId: 'p0', subagentId: 'a1' })
    const told = run([arrives(again), closing(9)], state)
    expect(told.observations.map((o) => o.key)).not.toContain('subagent|a1')
  })
})

test('a field that was added within a version has the value it begins with', () => {
  const totals = without(busy.totals, 'retries')
  const back = readable({ ...without(busy, 'bodied'), totals })
  expect(back.bodied).toBe(false)
  expect(back.totals.retries).toBe(0)
})

describe('what cannot be read is said in words', () => {
  const text = JSON.stringify(busy)
  test.each<[string, string, number, RegExp]>([
    ['half of a text', text.slice(0, 500), STATE_VERSION, /^its state is not JSON: /],
    ['no object', '[]', STATE_VERSION, /^its state is not an object$/],
    ['nothing of a state', '{}', STATE_VERSION, /^its state is that of another session$/],
    [
      'the state of another session',
      text.replaceAll('claude-code/s1', 'claude-code/s2'),
      STATE_VERSION,
      /another session/,
    ],
    [
      'a part that is something else',
      JSON.stringify({ ...busy, totals: { ...busy.totals, models: 'many' } }),
      STATE_VERSION,
      /^"models" of "totals" of its state is no object$/,
    ],
    [
      'a turn that is something else',
      JSON.stringify({ ...busy, turns: { 'prompt-p1': { ...busy.turns['prompt-p1'], held: {} } } }),
      STATE_VERSION,
      /^"held" of a turn in its state is no list$/,
    ],
    [
      'a newer version',
      text,
      STATE_VERSION + 1,
      /^its state has version \d+, which a newer claude-telemetry wrote; this one reads versions up to \d+$/,
    ],
    ['a version that never was', text, 0, /^its state has version 0, which was never written$/],
  ])('%s', (_, stored, version, expected) => {
    expect(readState({ ...facts, version, text: stored })).toEqual({
      ok: false,
      error: expect.stringMatching(expected),
    })
  })

  test('but no figure that JSON has no number for', () => {
    const totals = { ...busy.totals, costUsd: null }
    expect(read({ ...busy, totals }).ok).toBe(true)
  })
})
