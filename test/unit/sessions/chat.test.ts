/** What a generation shows as its input and its output: chat messages, from whichever records tell them. */
import { describe, expect, test } from 'vitest'
import type { ModelCallEvent } from '../../../src/domain/agent-event.ts'
import type { Observation } from '../../../src/domain/emission.ts'
import type { SessionInput } from '../../../src/sessions/reduce.ts'
import { readState } from '../../../src/sessions/stored-state.ts'
import { newSession } from '../../../src/sessions/state.ts'
import {
  answer,
  arrives,
  at,
  call,
  closing,
  decision,
  failure,
  fresh,
  policy,
  prompt,
  result,
  run,
  span,
  tick,
} from './events.ts'

/** As Claude Code tells it: nothing says that an answer asks for tools. */
const asks = (seconds: number, requestId: string, more: Partial<ModelCallEvent> = {}) =>
  arrives(call(seconds, requestId, { asksForTools: undefined as never, ...more }))
const bash = (seconds: number, id: string, requestId: string | undefined, command: string) =>
  arrives(
    result(seconds, id, {
      ...(requestId !== undefined && { requestId }),
      input: JSON.stringify({ command }),
      output: `said by ${command}`,
    }),
  )
const generations = (inputs: readonly SessionInput[], using = policy): Observation[] =>
  run(inputs, undefined, using).observations.filter(({ type }) => type === 'generation')
const shown = (observations: readonly Observation[]) =>
  observations.map(({ input, output, metadata: { partial } }) => ({
    input,
    output,
    ...(partial !== undefined && { partial }),
  }))
const asked = (id: string, command: string) => ({
  id,
  type: 'function',
  function: { name: 'Bash', arguments: JSON.stringify({ command }) },
})
const returned = (id: string, command: string) => ({
  role: 'tool',
  tool_call_id: id,
  name: 'Bash',
  content: `said by ${command}`,
})

describe('a generation', () => {
  test('is given the prompt, then what its tools returned, and answers with the tools it asks for', () => {
    const inputs = [
      arrives(prompt(0, 'count')),
      arrives(decision(0.9, 'u1', { requestId: 'r1' })),
      asks(1, 'r1'),
      arrives(answer(1, 'r1', 'I will look.')),
      bash(1.2, 'u1', 'r1', 'ls'),
      arrives(decision(1.25, 'u2', { requestId: 'r1' })),
      bash(1.3, 'u2', 'r1', 'pwd'),
      asks(2, 'r2'),
      bash(2.3, 'u3', 'r2', 'wc'),
      asks(3, 'r3'),
      arrives(answer(3, 'r3', 'Three.')),
      closing(9),
    ]
    expect(shown(generations(inputs))).toEqual([
      {
        input: [{ role: 'user', content: 'count' }],
        output: {
          role: 'assistant',
          content: 'I will look.',
          tool_calls: [asked('u1', 'ls'), asked('u2', 'pwd')],
        },
      },
      {
        input: [returned('u1', 'ls'), returned('u2', 'pwd')],
        output: { role: 'assistant', content: null, tool_calls: [asked('u3', 'wc')] },
      },
      {
        input: [returned('u3', 'wc')],
        output: { role: 'assistant', content: 'Three.' },
      },
    ])
  })

  test('is told nothing of a tool that it asks for itself, also where that returns before it has ended', () => {
    const inputs = [
      arrives(prompt(0)),
      bash(0.8, 'u1', 'r1', 'ls'),
      asks(1, 'r1'),
      asks(2, 'r2'),
      closing(9),
    ]
    expect(shown(generations(inputs))).toMatchObject([
      { input: [{ role: 'user' }], output: { tool_calls: [{ id: 'u1' }] } },
      { input: [{ role: 'tool', tool_call_id: 'u1' }], output: undefined },
    ])
  })

  test('of an agent without request ids has the tools that began in its time', () => {
    const without = { requestId: undefined as never }
    const inputs = [
      arrives(prompt(0)),
      asks(1, 'a', without),
      bash(1.5, 'u1', undefined, 'ls'),
      asks(3, 'b', { ...without, durationMs: 1000 }),
      bash(3.5, 'u2', undefined, 'pwd'),
      asks(5, 'c', without),
      closing(9),
    ]
    expect(shown(generations(inputs))).toMatchObject([
      { output: { tool_calls: [{ id: 'u1' }] } },
      { input: [{ tool_call_id: 'u1' }], output: { tool_calls: [{ id: 'u2' }] } },
      { input: [{ tool_call_id: 'u2' }] },
    ])
  })

  test('keeps the tools of its agent apart from those of a subagent', () => {
    const sub = { subagentId: 'a1' }
    const inputs = [
      arrives(prompt(0)),
      asks(1, 'r1'),
      asks(2, 'r2', sub),
      arrives(
        result(2.5, 'u2', { ...sub, requestId: 'r2', input: '{}', output: 'of the subagent' }),
      ),
      asks(3, 'r3', sub),
      bash(4, 'u1', 'r1', 'ls'),
      asks(5, 'r4'),
      closing(9),
    ]
    const byKey = new Map(generations(inputs).map((each) => [each.key, each]))
    expect(byKey.get('api_request|r3')?.input).toMatchObject([{ content: 'of the subagent' }])
    expect(byKey.get('api_request|r4')?.input).toMatchObject([{ content: 'said by ls' }])
    expect(byKey.get('api_request|r1')?.output).toMatchObject({ tool_calls: [{ id: 'u1' }] })
  })

  test('of a title is given nothing, and takes nothing from the agent', () => {
    const inputs = [
      arrives(prompt(0, 'count')),
      arrives(call(0.5, 'r0', { isMain: false, querySource: 'generate_session_title' })),
      asks(1, 'r1'),
      closing(9),
    ]
    expect(shown(generations(inputs))).toEqual([
      { input: undefined, output: undefined },
      { input: [{ role: 'user', content: 'count' }], output: undefined },
    ])
  })

  test('that fails is shown with what it was given, and so is its next try', () => {
    const inputs = [
      arrives(prompt(0, 'count')),
      arrives(failure(1, 'overloaded')),
      asks(2, 'r1'),
      bash(2.5, 'u1', 'r1', 'ls'),
      arrives(failure(3, 'overloaded')),
      asks(4, 'r2'),
      closing(9),
    ]
    expect(generations(inputs).map(({ input }) => input)).toMatchObject([
      [{ content: 'count' }],
      [{ content: 'count' }],
      [{ content: 'said by ls' }],
      [{ content: 'said by ls' }],
    ])
  })

  test('waits for the span that tells what its tool returned', () => {
    const traced = { traceId: 't1' }
    const inputs = [
      arrives(prompt(0, 'x', traced)),
      asks(1, 'r1'),
      arrives(result(1.5, 'u1', { requestId: 'r1', input: '{}' })),
      asks(3, 'r2'),
      arrives(span('tool', 1.1, 1.5, { toolUseId: 'u1', output: 'told by the span' }), 4),
      arrives(span('model_call', 2, 3, { requestId: 'r2' }), 4),
      arrives(span('model_call', 0.5, 1, { requestId: 'r1' }), 4),
      closing(9),
    ]
    const second = generations(inputs).find(({ key }) => key === 'api_request|r2')
    expect(second?.input).toMatchObject([{ tool_call_id: 'u1', content: 'told by the span' }])
    expect(second?.metadata.partial).toBeUndefined()
  })
})

describe('what is not recorded', () => {
  test('is noted, and marked as partial', () => {
    const redacted = { ...prompt(0), prompt: { note: 'not recorded: set X=1', length: 5 } } as never
    const silent = { ...answer(3, 'r2', ''), response: { note: 'not recorded: set Y=1' } } as never
    const inputs = [
      arrives(redacted),
      asks(1, 'r1'),
      arrives(decision(1.1, 'u1', { requestId: 'r1' })),
      arrives(result(1.5, 'u1', { requestId: 'r1', outputNote: 'not recorded: set Z=1' })),
      asks(3, 'r2'),
      arrives(silent),
      closing(9),
    ]
    expect(shown(generations(inputs))).toEqual([
      {
        input: [{ role: 'user', content: '[not recorded: set X=1, 5 characters]' }],
        output: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'u1', type: 'function', function: { name: 'Bash', arguments: '{}' } }],
        },
        partial: 'input, output',
      },
      {
        input: [
          { role: 'tool', tool_call_id: 'u1', name: 'Bash', content: '[not recorded: set Z=1]' },
        ],
        output: { role: 'assistant', content: '[not recorded: set Y=1]' },
        partial: 'input, output',
      },
    ])
  })

  test('of a hook is shown only where hooks may show it', () => {
    const told = (hookContent: 'on' | 'auto' | 'off') =>
      JSON.stringify(
        generations(
          [
            arrives({
              ...prompt(0),
              kind: 'turn_start_report',
              name: 'UserPromptSubmit',
              prompt: 'the secret prompt',
            } as never),
            asks(1, 'r1'),
            arrives({
              ...prompt(1.2),
              kind: 'tool_report',
              tool: 'Bash',
              toolUseId: 'u1',
              state: 'done',
              output: 'the secret output',
            } as never),
            arrives(result(1.5, 'u1', { requestId: 'r1' })),
            asks(3, 'r2'),
            closing(9),
          ],
          { ...policy, hookContent },
        ),
      )
    expect(told('on')).toMatch(/the secret prompt.*the secret output/)
    expect(told('auto')).not.toContain('secret')
    expect(told('off')).not.toContain('secret')
  })

  test('a refused tool is what the model is told', () => {
    const inputs = [
      arrives(prompt(0)),
      asks(1, 'r1'),
      arrives(decision(1.5, 'u1', { accepted: false, source: 'user_reject', requestId: 'r1' })),
      asks(3, 'r2'),
      closing(9),
    ]
    expect(generations(inputs)[1]).toMatchObject({
      input: [{ role: 'tool', tool_call_id: 'u1', content: '[refused by user_reject]' }],
      metadata: { partial: 'input' },
    })
  })
})

describe('when it is sent', () => {
  const begun = [arrives(prompt(0)), asks(1, 'r1'), arrives(answer(1, 'r1', 'I will ask.'))]

  test('a call waits minutes for a person to allow its tools', () => {
    const open = [...begun, arrives(decision(1.1, 'u0', { requestId: 'r1' }))]
    expect(generations([...open, tick(60)])).toEqual([])
    expect(generations([...open, tick(1 + 60 * 7)])).toHaveLength(1)
    const allowed = [...open, bash(300, 'u0', 'r1', 'ls'), asks(302, 'r2'), closing(303)]
    expect(generations(allowed)[0]?.output).toMatchObject({ tool_calls: [asked('u0', 'ls')] })
  })

  test('the last call of a turn goes with the turn', () => {
    expect(generations(begun)).toEqual([])
    expect(generations([...begun, tick(21)])).toHaveLength(1)
  })

  test('nothing waits where nothing is to be waited for', () => {
    expect(generations(begun, { ...policy, joinTimeoutMs: 0 })).toHaveLength(1)
  })
})

describe('raw bodies', () => {
  const body = (seconds: number, messages: unknown) =>
    arrives({ ...prompt(seconds), kind: 'request_body', bodyId: 'b1', messages } as never)
  const response = (seconds: number, message: unknown) =>
    arrives({
      ...prompt(seconds),
      kind: 'response_body',
      bodyId: 'b1',
      requestId: 'r1',
      message,
    } as never)
  const history = [
    { role: 'system', content: 'You are an agent.' },
    { role: 'user', content: [{ type: 'text', text: 'count' }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'u1', name: 'Bash', input: { a: 1 } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'u1', content: [{ type: 'text', text: 'three' }] },
        { type: 'text', text: 'and hurry' },
      ],
    },
  ]
  const said = {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'Looking.' },
      { type: 'tool_use', id: 'u2', name: 'Read', input: { file_path: 'a' } },
    ],
  }
  const told = (messages: unknown, message: unknown) =>
    shown(
      generations([
        arrives(prompt(0, 'count')),
        body(0.5, messages),
        response(0.9, message),
        asks(1, 'r1'),
        arrives(answer(1, 'r1', 'Looking.')),
        closing(9),
      ]),
    )[0]

  test('show what is new to the model alone, as chat messages', () => {
    expect(told(history, said)).toEqual({
      input: [
        { role: 'tool', tool_call_id: 'u1', content: 'three' },
        { role: 'user', content: 'and hurry' },
      ],
      output: {
        role: 'assistant',
        content: 'Looking.',
        reasoning_content: 'hm',
        tool_calls: [
          {
            id: 'u2',
            type: 'function',
            function: { name: 'Read', arguments: '{"file_path":"a"}' },
          },
        ],
      },
    })
  })

  test('of a first call have its system prompt', () => {
    expect(told(history.slice(0, 2), said)?.input).toEqual([
      { role: 'system', content: 'You are an agent.' },
      { role: 'user', content: 'count' },
    ])
  })

  test('that are cut give way to what the other records tell', () => {
    expect(told('{"messages":[{"role":"us', '{"content":[{"ty')).toEqual({
      input: [{ role: 'user', content: 'count' }],
      output: { role: 'assistant', content: 'Looking.' },
    })
  })
})

describe('bounds', () => {
  test('long inputs and outputs of tools are cut, and marked', () => {
    const long = 'x'.repeat(20_000)
    const inputs = [
      arrives(prompt(0)),
      asks(1, 'r1'),
      arrives(result(1.5, 'u1', { requestId: 'r1', input: long, output: long })),
      asks(3, 'r2'),
      closing(9),
    ]
    const [first, second] = generations(inputs, { ...policy, maxContentLength: 100_000 })
    expect(first?.metadata.partial).toBe('output')
    expect(second?.metadata.partial).toBe('input')
    for (const side of [first?.output, second?.input]) {
      expect(JSON.stringify(side).length).toBeLessThan(5_000)
      expect(JSON.stringify(side)).toContain('[cut: 4000 of 20000 characters]')
    }
  })

  test('tools that no call is told of are forgotten, the oldest first, and counted', () => {
    const inputs = [
      arrives(prompt(0)),
      ...Array.from({ length: 2_000 }, (_, n) =>
        arrives(result(1 + n / 1000, `u${n}`, { requestId: `r${n}`, input: 'i', output: 'o' })),
      ),
    ]
    const { state } = run(inputs)
    const [turn] = Object.values(state.turns)
    expect(turn?.toolRequests).toHaveLength(250)
    expect(turn?.toolAnswers).toHaveLength(250)
    expect(state.totals.forgotten).toMatchObject({ tool_requests: 1750, tool_answers: 1750 })
  })

  test('a shown message is no longer than a content may be', () => {
    const inputs = [
      arrives(prompt(0, 'p'.repeat(5_000))),
      asks(1, 'r1'),
      ...Array.from({ length: 50 }, (_, n) =>
        arrives(
          result(1.2, `u${n}`, {
            requestId: 'r1',
            input: 'i'.repeat(900),
            output: 'o'.repeat(900),
          }),
        ),
      ),
      asks(2, 'r2'),
      closing(9),
    ]
    for (const { input, output } of generations(inputs)) {
      for (const side of [input, output]) {
        const text = typeof side === 'string' ? side : JSON.stringify(side ?? '')
        expect(text.length).toBeLessThanOrEqual(policy.maxContentLength + 100)
      }
    }
  })
})

test('a batch may be split anywhere, also through storage', () => {
  const inputs = [
    arrives(prompt(0, 'count')),
    arrives(decision(0.9, 'u1', { requestId: 'r1' })),
    asks(1, 'r1'),
    arrives(answer(1, 'r1', 'I will look.')),
    bash(1.2, 'u1', 'r1', 'ls'),
    asks(2, 'r2'),
    arrives(answer(2, 'r2', 'Done.')),
    closing(9),
  ]
  const whole = run(inputs)
  for (let cut = 1; cut < inputs.length; cut += 1) {
    const first = run(inputs.slice(0, cut))
    const stored = readState({
      sessionKey: first.state.key,
      version: first.state.version,
      text: JSON.stringify(first.state),
    } as never)
    if (!stored.ok) throw new Error(stored.error)
    const second = run(inputs.slice(cut), stored.value)
    expect([...first.observations, ...second.observations]).toEqual(whole.observations)
  }
})

test('a call that an earlier version had answered goes as it went then', () => {
  const state = newSession(
    fresh().key,
    { agent: 'claude-code', sessionId: 's1', timeMs: at(0) },
    at(0),
  )
  const open = run([arrives(prompt(0, 'count')), arrives(call(1, 'r1'))], state)
  const [turn] = Object.values(open.state.turns)
  // A version without messages kept neither of these.
  const held = turn?.held.map((each) => ({ ...each, isChat: undefined, isFirst: undefined }))
  Object.assign(turn ?? {}, { held, isPromptTold: undefined })
  const after = run([arrives(answer(1, 'r1', 'Three.')), closing(9)], open.state)
  expect(shown(after.observations.filter(({ type }) => type === 'generation'))).toEqual([
    { input: undefined, output: { role: 'assistant', content: 'Three.' } },
  ])
})
