import { describe, expect, test } from 'vitest'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import {
  answer,
  arrives,
  at,
  call,
  closing,
  decision,
  failure,
  fresh,
  lines,
  other,
  policy,
  prompt,
  result,
  run,
  tick,
} from './events.ts'

const turnWithTool: readonly SessionInput[] = [
  arrives(prompt(0)),
  arrives(decision(1, 't1')),
  arrives(call(1.1, 'r1')),
  arrives(result(2, 't1')),
  arrives(call(3, 'r2')),
  arrives(answer(3, 'r2', 'done')),
]

const turnLines = [
  'tool Bash @turn/prompt-p1',
  'generation chat claude-opus-5-5 @turn/prompt-p1',
  'generation chat claude-opus-5-5 @turn/prompt-p1',
]

test('a turn ends with the last answer given, in whatever order answers come', () => {
  const first = [arrives(call(1, 'r1')), arrives(answer(1, 'r1', 'I look'))]
  const last = [arrives(call(3, 'r2')), arrives(answer(3, 'r2', 'done'))]
  for (const calls of [
    [...first, ...last],
    [...last, ...first],
  ]) {
    const { observations } = run([arrives(prompt(0)), ...calls, closing(60)])
    expect(observations.find(({ name }) => name === 'conversation')?.output).toBe('done')
  }
})

describe('what is emitted, and when', () => {
  const cases: readonly [string, readonly SessionInput[], readonly string[]][] = [
    ['a prompt alone: nothing yet', [arrives(prompt(0))], []],
    ['a call waits for its answer', [arrives(prompt(0)), arrives(call(1, 'r1'))], []],
    [
      'the answer lets the call go',
      [arrives(prompt(0)), arrives(call(1, 'r1')), arrives(answer(1, 'r1', 'hi'))],
      ['generation chat claude-opus-5-5 @turn/prompt-p1'],
    ],
    [
      'a call without an answer goes after the join timeout',
      [arrives(prompt(0)), arrives(call(1, 'r1')), tick(7.9), tick(8)],
      ['generation chat claude-opus-5-5 @turn/prompt-p1'],
    ],
    ['tools and calls leave early, the root does not', turnWithTool, turnLines],
    [
      'quiet ends the turn',
      [...turnWithTool, tick(22.9), tick(23)],
      [...turnLines, 'agent conversation @turn/prompt-p1'],
    ],
    [
      'an open tool keeps the turn from being quiet',
      [arrives(prompt(0)), arrives(call(1, 'r1')), arrives(decision(2, 't1')), tick(500)],
      ['generation chat claude-opus-5-5 @turn/prompt-p1'],
    ],
    [
      'after a tool result the agent is at work',
      [arrives(prompt(0)), arrives(decision(1, 't1')), arrives(result(2, 't1')), tick(500)],
      ['tool Bash @turn/prompt-p1'],
    ],
    [
      'a call whose tool has already answered is not the last',
      [
        arrives(prompt(0)),
        arrives(decision(1, 't1', { requestId: 'r1' })),
        arrives(result(1.1, 't1', { requestId: 'r1' })),
        arrives(call(1.2, 'r1')),
        tick(500),
      ],
      ['tool Bash @turn/prompt-p1', 'generation chat claude-opus-5-5 @turn/prompt-p1'],
    ],
    [
      'the next prompt ends the turn',
      [...turnWithTool, arrives(prompt(9, 'more', { promptId: 'p2' }))],
      [...turnLines, 'agent conversation @turn/prompt-p1'],
    ],
    [
      'a failed call is a generation at ERROR, and so is a turn that ends with it',
      [arrives(prompt(0)), arrives(failure(1, 'overloaded')), tick(21)],
      [
        'generation chat claude-opus-5-5 ERROR @turn/prompt-p1',
        'agent conversation ERROR @turn/prompt-p1',
      ],
    ],
    [
      'a failed tool is at ERROR',
      [arrives(prompt(0)), arrives(result(1, 't1', { success: false, error: 'boom' }))],
      ['tool Bash ERROR @turn/prompt-p1'],
    ],
    [
      'a refused tool is at WARNING once the agent goes on',
      [
        arrives(prompt(0)),
        arrives(call(1, 'r1')),
        arrives(decision(2, 't1', { accepted: false, source: 'user_reject' })),
        arrives(call(3, 'r2')),
      ],
      ['generation chat claude-opus-5-5 @turn/prompt-p1', 'tool Bash WARNING @turn/prompt-p1'],
    ],
    [
      'a tool without a result is shown when the session closes',
      [arrives(prompt(0)), arrives(decision(1, 't1')), closing(2)],
      [
        'tool Bash WARNING @turn/prompt-p1',
        'agent conversation @turn/prompt-p1',
        'span session-summary @summary/1',
      ],
    ],
    [
      'idle closes the session',
      [...turnWithTool, tick(3602), tick(3603)],
      [...turnLines, 'agent conversation @turn/prompt-p1', 'span session-summary @summary/1'],
    ],
    [
      'a closed session is closed once',
      [arrives(other(0, 'x')), closing(1), closing(2), tick(9999)],
      ['span session-summary @summary/1'],
    ],
    [
      'calls before any prompt open a turn of their own',
      [arrives(call(1, 'r1', { promptId: undefined as never })), closing(2)],
      [
        'generation chat claude-opus-5-5 @turn/at-1795229559000',
        'agent conversation @turn/at-1795229559000',
        'span session-summary @summary/1',
      ],
    ],
  ]
  test.each(cases)('%s', (_, inputs, expected) => {
    expect(lines(run(inputs).observations)).toEqual(expected)
  })
})

describe('what comes after the turn has ended', () => {
  test('joins the trace; a newer answer is a continuation below the root', () => {
    const { observations } = run([
      ...turnWithTool,
      tick(30),
      arrives(result(60, 't2')),
      arrives(call(61, 'r3')),
      arrives(answer(61, 'r3', 'now really done')),
      tick(90),
    ])
    expect(lines(observations).slice(4)).toEqual([
      'tool Bash @turn/prompt-p1',
      'generation chat claude-opus-5-5 @turn/prompt-p1',
      'agent conversation (continued) @turn/prompt-p1',
    ])
    const last = observations.at(-1)
    expect(last?.output).toBe('now really done')
    expect(last?.parentKey).toBe('root')
  })

  test('a late tool alone adds no continuation and no second root', () => {
    const { observations } = run([
      ...turnWithTool,
      tick(30),
      arrives(result(60, 't2')),
      closing(70),
    ])
    expect(lines(observations).slice(4)).toEqual([
      'tool Bash @turn/prompt-p1',
      'span session-summary @summary/1',
    ])
  })

  test('records after the summary open the session again and make a further summary', () => {
    const first = run([...turnWithTool, closing(10)])
    const second = run([arrives(call(11, 'r3')), closing(12)], first.state)
    expect(lines(second.observations)).toEqual([
      'generation chat claude-opus-5-5 @turn/prompt-p1',
      'span session-summary @summary/2',
    ])
    const sessionScores = (r: typeof first) =>
      r.scores.filter((s) => s.target.kind === 'session').map((s) => s.key)
    expect(sessionScores(second)).toEqual(sessionScores(first))
    expect(second.state.totals.modelCalls).toBe(3)
  })

  test('a turn long forgotten gets no second root', () => {
    const few = { ...policy, maxEndedTurns: 2 }
    const prompts = [1, 2, 3, 4, 5].map((n) => arrives(prompt(n, 'x', { promptId: `p${n}` })))
    const { state } = run(prompts, undefined, few)
    const late = run([arrives(call(1.5, 'r9')), closing(9)], state, few)
    expect(lines(late.observations).filter((l) => l.includes('prompt-p1'))).toEqual([
      'generation chat claude-opus-5-5 @turn/prompt-p1',
    ])
  })
})

describe('the observations themselves', () => {
  const { observations, scores } = run([...turnWithTool, closing(10)])
  const byName = (name: string) => observations.filter((o) => o.name === name)

  test('the root carries prompt and newest answer', () => {
    expect(byName('conversation')[0]).toMatchObject({
      type: 'agent',
      key: 'root',
      input: 'do it',
      output: 'done',
      startMs: at(0),
      endMs: at(3),
      context: { sessionId: 's1', userId: 'ada@example.com', agentVersion: '2.1.329' },
    })
  })

  test('a generation starts its duration before its end, and carries the agent’s own cost', () => {
    expect(byName('chat claude-opus-5-5')[1]).toMatchObject({
      startMs: at(2.5),
      endMs: at(3),
      completionStartMs: at(2.6),
      costUsd: 0.01,
      usage: { input: 10, output: 20, cacheRead: 30, cacheCreation: 40 },
      output: { role: 'assistant', content: 'done' },
      parentKey: 'root',
    })
  })

  test('a tool knows who decided', () => {
    expect(byName('Bash')[0]?.metadata).toMatchObject({ decision: 'accept', decided_by: 'config' })
  })

  test('the summary adds up and has neither cost nor usage of its own', () => {
    const summary = byName('session-summary')[0]
    expect(summary).not.toHaveProperty('costUsd')
    expect(summary).not.toHaveProperty('usage')
    expect(summary?.output).toMatchObject({
      prompts: 1,
      model_calls: 2,
      tool_results: 1,
      cost_usd: 0.02,
      tokens: { input: 20, output: 40, cacheRead: 60, cacheCreation: 80 },
    })
  })

  test('all scores stand on the session, the two that sum it up on the summary, too', () => {
    const shown = scores.map((s) => [s.name, s.target.kind, s.value])
    expect(shown).toContainEqual(['tool_success_rate', 'session', 1])
    expect(shown).toContainEqual(['cache_hit_rate', 'session', 60 / 160])
    const onSummary = scores.filter((s) => s.target.kind === 'trace').map((s) => s.name)
    expect(onSummary).toEqual(['quality', 'efficiency'])
    expect(scores.map((s) => s.name)).not.toContain('edit_acceptance_rate')
  })

  test('the state survives storage', () => {
    const stored = JSON.stringify(run(turnWithTool).state)
    const back = JSON.parse(stored) as SessionState
    expect(lines(run([closing(10)], back).observations)).toEqual([
      'agent conversation @turn/prompt-p1',
      'span session-summary @summary/1',
    ])
  })
})

describe('the machine', () => {
  test('does not write to the state it was given', () => {
    const before = run(turnWithTool.slice(0, 4)).state
    const copy = structuredClone(before)
    reduce(before, turnWithTool.slice(4), policy)
    expect(before).toEqual(copy)
  })

  test('ids that name object internals are ordinary ids', () => {
    const { observations } = run([
      arrives(prompt(0, 'x', { promptId: '__proto__' })),
      arrives(call(1, '__proto__', { promptId: '__proto__', model: '__proto__' })),
      arrives(result(2, 'constructor', { promptId: '__proto__', tool: '__proto__' })),
      closing(3),
    ])
    expect(observations).toHaveLength(4)
    expect(({} as Record<string, unknown>).lastMs).toBeUndefined()
  })

  test('long texts are cut and say so', () => {
    const { observations } = run([arrives(prompt(0, 'x'.repeat(1500))), closing(1)])
    expect(observations[0]?.input).toBe(`${'x'.repeat(1000)}… [cut: 1000 of 1500 characters]`)
  })

  test('open turns are bounded', () => {
    const inputs = Array.from({ length: 40 }, (_, n) =>
      arrives(call(n, `r${n}`, { promptId: `p${n}` }), 0),
    )
    const { state, observations } = run(inputs, fresh())
    expect(Object.keys(state.turns)).toHaveLength(policy.maxOpenTurns)
    expect(lines(observations).filter((l) => l.startsWith('agent'))).toHaveLength(8)
  })
})
