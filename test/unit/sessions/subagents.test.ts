import { describe, expect, test } from 'vitest'
import type { SessionInput } from '../../../src/sessions/reduce.ts'
import {
  answer,
  arrives,
  at,
  call,
  closing,
  decision,
  noteEvent,
  prompt,
  result,
  run,
  span,
  subagentEnd,
} from './events.ts'

const sub = { subagentId: 'a1' }
const work = [
  arrives(prompt(0, 'delegate', { traceId: 't1' })),
  arrives(decision(1, 'u1', { tool: 'Agent' })),
  arrives(call(1.1, 'r1')),
  arrives(call(2, 'r2', { ...sub, subagentType: 'general-purpose' })),
  arrives(result(2.5, 'u2', sub)),
  arrives(call(3, 'r3', sub)),
  arrives(answer(3, 'r3', 'three files', sub)),
  arrives(subagentEnd(3.1, 'a1')),
  arrives(result(3.2, 'u1', { tool: 'Agent' })),
]
const nesting = [
  arrives(span('model_call', 1.6, 2, { requestId: 'r2', subagentId: 'a1', parentSpanId: 'e1' }), 4),
  arrives(span('tool_execution', 1.5, 3.2, { toolUseId: 'u1', spanId: 'e1' }), 4),
]

describe('a subagent', () => {
  test('stands over its calls and tools', () => {
    const { observations } = run([...work, closing(5)])
    const agent = observations.find((o) => o.key === 'subagent|a1')
    expect(agent).toMatchObject({
      type: 'agent',
      name: 'subagent general-purpose',
      parentKey: 'root',
      output: 'three files',
      endMs: at(3.1),
      metadata: { model_calls: 2, tool_results: 1, ended: true },
    })
    expect(agent).not.toHaveProperty('costUsd')
    const below = observations.filter((o) => o.parentKey === 'subagent|a1').map((o) => o.name)
    expect(below.sort()).toEqual(['Bash', 'chat claude-opus-5-5', 'chat claude-opus-5-5'])
  })

  test('stands below the tool that started it where spans tell which', () => {
    const { observations } = run([...work, ...nesting, closing(5)])
    expect(observations.find((o) => o.key === 'subagent|a1')?.parentKey).toBe('tool|u1')
  })

  test('stands below the root when that tool was never shown', () => {
    const { observations } = run([...work.slice(0, -1), ...nesting, closing(5)])
    expect(observations.find((o) => o.key === 'subagent|a1')?.parentKey).toBe('root')
  })

  test('that never ended has its place all the same', () => {
    const { observations } = run([...work.slice(0, 6), closing(5)])
    expect(observations.find((o) => o.key === 'subagent|a1')?.metadata).toMatchObject({
      ended: false,
    })
  })

  test('that goes on after its turn continues below the same AGENT', () => {
    const { observations } = run([
      ...work.slice(0, 6),
      arrives(prompt(6, 'next', { promptId: 'p2' })),
      arrives(call(7, 'r7', sub)),
      arrives(subagentEnd(8, 'a1')),
      closing(9),
    ])
    const agents = observations.filter((o) => o.name.startsWith('subagent'))
    expect(agents.map((o) => [o.key, o.parentKey, o.name])).toEqual([
      ['subagent|a1', 'root', 'subagent general-purpose'],
      ['subagent|a1|2', 'subagent|a1', 'subagent general-purpose (continued)'],
    ])
  })
})

describe('a subagent of which neither spans nor hooks tell who started it', () => {
  const agentTool = (id: string, from: number, to: number, type: string) => [
    arrives(
      decision(from, id, { tool: 'Agent', parameters: JSON.stringify({ subagent_type: type }) }),
    ),
    arrives(
      result(to, id, {
        tool: 'Agent',
        durationMs: (to - from) * 1000,
        input: JSON.stringify({ subagent_type: type, prompt: `task of ${id}` }),
      }),
    ),
  ]
  const agent = (id: string, from: number, to: number, type: string, isBackground = false) => [
    arrives(call(from + 0.5, `${id}-1`, { subagentId: id, subagentType: type })),
    arrives({
      ...subagentEnd(to, id),
      subagentType: type,
      isBackground,
      durationMs: (to - from) * 1000,
    } as never),
  ]
  /** Parents and inputs by subagent. */
  const placed = (inputs: readonly SessionInput[]) =>
    Object.fromEntries(
      run([arrives(prompt(0)), ...inputs, closing(100)])
        .observations.filter(({ name }) => name.startsWith('subagent'))
        .map(({ key, parentKey, input }) => [key.slice('subagent|'.length), [parentKey, input]]),
    )
  const root = ['root', undefined]

  test('stands below the only tool of its type, with the task that it was given', () => {
    const inputs = [
      ...agentTool('u1', 1, 5, 'Explore'),
      ...agentTool('u2', 1, 5, 'Plan'),
      ...agent('a1', 1.5, 4, 'Explore'),
      ...agent('a2', 1.5, 4, 'Plan'),
    ]
    expect(placed(inputs)).toEqual({
      a1: ['tool|u1', 'task of u1'],
      a2: ['tool|u2', 'task of u2'],
    })
    expect(placed(inputs.toReversed())).toEqual(placed(inputs))
  })

  test('stands below the tool in whose time it worked', () => {
    expect(
      placed([
        ...agentTool('u1', 1, 5, 'Explore'),
        ...agent('a1', 1.5, 4, 'Explore'),
        ...agentTool('u2', 11, 15, 'Explore'),
        ...agent('a2', 11.5, 14, 'Explore'),
      ]),
    ).toEqual({ a1: ['tool|u1', 'task of u1'], a2: ['tool|u2', 'task of u2'] })
  })

  test.each<[why: string, inputs: readonly SessionInput[]]>([
    [
      'two of its type ran at once',
      [
        ...agentTool('u1', 1, 5, 'Explore'),
        ...agentTool('u2', 1, 5, 'Explore'),
        ...agent('a1', 1.5, 4, 'Explore'),
      ],
    ],
    ['no tool has its type', [...agentTool('u1', 1, 5, 'Plan'), ...agent('a1', 1.5, 4, 'Explore')]],
    [
      'it began before the tool',
      [...agentTool('u1', 3, 5, 'Explore'), ...agent('a1', 1.5, 4, 'Explore')],
    ],
    [
      'it worked on after the tool had returned, and was not in the background',
      [...agentTool('u1', 1, 3, 'Explore'), ...agent('a1', 1.5, 4, 'Explore')],
    ],
  ])('stands below the root where %s', (_why, inputs) => {
    expect(placed(inputs)).toEqual({ a1: root })
  })

  test('stands below the root where two may have been started by the same tool', () => {
    expect(
      placed([
        ...agentTool('u1', 1, 5, 'Explore'),
        ...agent('a1', 1.5, 4, 'Explore'),
        ...agent('a2', 1.6, 4, 'Explore'),
      ]),
    ).toEqual({ a1: root, a2: root })
  })

  test('in the background works on after its tool has returned', () => {
    expect(
      placed([...agentTool('u1', 1, 1.6, 'Explore'), ...agent('a1', 1.5, 9, 'Explore', true)]),
    ).toEqual({ a1: ['tool|u1', 'task of u1'] })
  })
})

describe('a note', () => {
  test('from before the first prompt is shown in its turn', () => {
    const early = noteEvent(-1, 'mcp demo', { promptId: undefined as never })
    const { observations } = run([arrives(early), arrives(prompt(0))])
    expect(observations.map((o) => [o.name, o.traceKey])).toEqual([
      ['mcp demo', 'claude-code/s1/turn/prompt-p1'],
    ])
  })

  test('of a subagent stands below it', () => {
    const { observations } = run([
      arrives(prompt(0)),
      arrives(noteEvent(1, 'hook', sub)),
      closing(2),
    ])
    expect(observations.map((o) => [o.name, o.parentKey])).toContainEqual(['hook', 'subagent|a1'])
    expect(observations.map((o) => o.key)).toContain('subagent|a1')
  })
})

describe('raw bodies', () => {
  test('are what the call was sent and what it answered', () => {
    const base = { ...noteEvent(1, ''), title: undefined as never }
    const { observations } = run([
      arrives(prompt(0)),
      arrives({
        ...base,
        kind: 'request_body',
        bodyId: 'b1',
        messages: [{ role: 'user', content: 'hi' }],
      }),
      arrives(call(1, 'r1')),
      arrives(answer(1, 'r1', 'text')),
      arrives({
        ...base,
        kind: 'response_body',
        bodyId: 'b1',
        requestId: 'r1',
        message: { role: 'assistant', content: 'hello' },
      }),
    ])
    expect(observations).toHaveLength(1)
    expect(observations[0]).toMatchObject({
      input: [{ role: 'user', content: 'hi' }],
      output: { role: 'assistant', content: 'hello' },
    })
  })
})
