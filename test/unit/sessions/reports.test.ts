import { describe, expect, test } from 'vitest'
import type { EventBase, ReportEvent } from '../../../src/domain/agent-event.ts'
import type { SessionInput } from '../../../src/sessions/reduce.ts'
import {
  answer,
  arrives,
  at,
  call,
  closing,
  decision,
  policy,
  prompt,
  result,
  run,
  subagentEnd,
  tick,
} from './events.ts'

function hook(seconds: number, name: string, promptId = 'p1'): EventBase {
  return {
    agent: 'claude-code',
    sessionId: 's1',
    dedupKey: `hook|${name}|${seconds}`,
    name,
    timeMs: at(seconds),
    promptId,
    identity: { labels: { folder: 'shop' } },
  }
}
const submit = (s: number, id = 'p1'): SessionInput =>
  arrives({ ...hook(s, 'UserPromptSubmit', id), kind: 'turn_start_report', prompt: 'told prompt' })
const stop = (s: number, id = 'p1', running: string[] = []): SessionInput =>
  arrives({ ...hook(s, 'Stop', id), kind: 'turn_stop_report', answer: 'told answer', running })
const tool = (s: number, toolUseId: string, more: Partial<ReportEvent> = {}): SessionInput =>
  arrives({
    ...hook(s, 'PostToolUse'),
    kind: 'tool_report',
    tool: 'Bash',
    toolUseId,
    state: 'done',
    output: { stdout: 'told output' },
    ...more,
  } as ReportEvent)
const sessionEnd = (s: number): SessionInput =>
  arrives({ ...hook(s, 'SessionEnd'), kind: 'session_end_report', reason: 'clear' })

const telemetry: readonly SessionInput[] = [
  arrives(prompt(0.1), 5),
  arrives(decision(1, 'u1'), 5),
  arrives(call(1.1, 'r1'), 5),
  arrives(result(2, 'u1', { input: '{}' }), 5),
  arrives(call(3, 'r2'), 5),
  arrives(answer(3, 'r2', 'done'), 5),
]
const hooks = [submit(0), tool(2, 'u1'), stop(3.1)]
const totalsOf = (inputs: readonly SessionInput[]) => {
  const { totals } = run([...inputs, closing(60)]).state
  return { ...totals, hooks: undefined }
}

describe('hooks beside telemetry', () => {
  test('end the turn for certain, once its telemetry has had time to come', () => {
    const inputs = [...hooks, ...telemetry]
    const root = (s: number) => run([...inputs, tick(s)]).observations.find((o) => o.key === 'root')
    expect(root(10)).toBeUndefined()
    expect(root(10.2)?.metadata).toMatchObject({ ended_by: 'stop' })
  })

  test('show a tool’s output where telemetry shows its input', () => {
    const shown = run([...hooks, ...telemetry]).observations.find((o) => o.type === 'tool')
    expect(shown?.output).toEqual({ stdout: 'told output' })
    const hidden = telemetry.map((i) =>
      i.kind === 'record' && i.item.kind === 'tool_result'
        ? { ...i, item: { ...i.item, input: undefined as never } }
        : i,
    )
    const kept = run([...hooks, ...hidden]).observations.find((o) => o.type === 'tool')
    expect(kept?.output).toBe('[not recorded]')
  })

  test.each([
    ['left out', telemetry],
    ['delayed', [...telemetry, tick(30), ...hooks.map((i) => ({ ...i, atMs: at(40) }))]],
    ['reordered', [...hooks.toReversed(), ...telemetry]],
    [
      'between',
      [hooks[0], ...telemetry.slice(0, 2), hooks[1], ...telemetry.slice(2), hooks[2]].filter(
        (i) => i !== undefined,
      ),
    ],
  ])('change no total when they are %s', (_, inputs) => {
    expect(totalsOf(inputs)).toEqual(totalsOf([...hooks, ...telemetry]))
  })

  test('a later prompt told by a hook does not cut off the telemetry of an earlier turn', () => {
    const { observations } = run([...hooks, submit(4, 'p2'), ...telemetry, closing(9)])
    const roots = observations.filter((o) => o.key === 'root')
    expect(roots.map((o) => [o.metadata.prompt_id, o.output])).toEqual([
      ['p1', 'done'],
      ['p2', '[no answer recorded]'],
    ])
  })

  test('a stop with running subagents waits for them', () => {
    const sub = { subagentId: 'a1' }
    const stopped = arrives({
      ...hook(8, 'SubagentStop'),
      ...sub,
      kind: 'subagent_report',
      subagentType: 'general-purpose',
      state: 'stopped',
    })
    const inputs = [
      submit(0),
      ...telemetry,
      stop(5, 'p1', ['a1']),
      arrives(call(7, 'r9', sub)),
      stopped,
      arrives(subagentEnd(8, 'a1')),
    ]
    const root = (s: number) => run([...inputs, tick(s)]).observations.find((o) => o.key === 'root')
    expect(root(14.9)).toBeUndefined()
    expect(root(15)?.metadata).toMatchObject({ ended_by: 'stop' })
  })

  test('say which tool started a subagent', () => {
    const sub = { subagentId: 'a1' }
    const { observations } = run([
      submit(0),
      tool(2, 'u1', { startedSubagentId: 'a1' }),
      ...telemetry,
      arrives(call(6, 'r6', sub)),
      closing(9),
    ])
    expect(observations.find((o) => o.key === 'subagent|a1')?.parentKey).toBe('tool|u1')
  })
})

describe('the end of the session', () => {
  const inputs = [...hooks, ...telemetry, sessionEnd(6)]
  test('closes it after a short grace', () => {
    expect(run([...inputs, tick(10.9)]).state.closed).toBeUndefined()
    const closed = run([...inputs, tick(11)])
    expect(closed.state.closed).toBe('session_end')
    expect(closed.observations.at(-1)?.metadata).toMatchObject({ end_reason: 'clear' })
  })

  test('what comes within the grace still counts, what comes later opens it again', () => {
    const within = run([...inputs, arrives(call(8, 'r8')), tick(11)])
    expect(within.state.totals.modelCalls).toBe(3)
    const later = run([arrives(call(20, 'r9')), closing(30)], within.state)
    expect(later.observations.map((o) => o.name)).toContain('session-summary')
  })
})

describe('the same hook again', () => {
  /** Neither an id nor a time tells it from the other. */
  const again = (input: SessionInput, seconds: number): SessionInput => {
    if (input.kind !== 'record' || input.item.kind === 'metric') throw new Error('no hook')
    const dedupKey = `${input.item.name}|${seconds}`
    const item = { ...input.item, dedupKey, resendKey: input.item.name, timeMs: at(seconds) }
    return { ...input, item, atMs: at(seconds) }
  }
  const end = (s: number): SessionInput => again(sessionEnd(s), s)
  const summaries = (inputs: readonly SessionInput[]) =>
    run(inputs).observations.filter((o) => o.name === 'session-summary')

  test('at once was sent twice: it changes nothing', () => {
    const once = run([...telemetry, end(6)]).state
    const twice = run([...telemetry, end(6), end(6.2)]).state
    expect({ ...twice, lastReport: undefined }).toEqual({ ...once, lastReport: undefined })
  })

  test('after something else is a new one: a session that went on ends again', () => {
    const resumed = [...telemetry, end(6), tick(11), arrives(call(20, 'r20')), end(21), tick(26)]
    expect(summaries(resumed).map((o) => o.metadata.close_reason)).toEqual([
      'session_end',
      'session_end',
    ])
  })

  test('after something else is a new one however soon it comes', () => {
    const state = run([...telemetry, end(6), arrives(call(6.1, 'r6')), end(6.2)]).state
    expect(state.endsAtMs).toBe(at(6.2) + policy.sessionEndGraceMs)
    expect(state.totals.hooks).toEqual({ SessionEnd: 2 })
  })

  test('long after the first is a new one: a turn stops again', () => {
    const first = again(stop(3.1, 'p1', ['a1']), 3.1)
    const state = run([submit(0), first, again(stop(30, 'p1', ['a1']), 30)]).state
    expect(state.totals.hooks.Stop).toBe(2)
  })

  test('that ends a session which is closed makes no further summary', () => {
    const inputs = [...telemetry, end(6), tick(11), end(60), tick(90)]
    expect(summaries(inputs)).toHaveLength(1)
    expect(run(inputs).state.closed).toBe('session_end')
  })

  test('ends what comes just behind it', () => {
    const late = [...telemetry, end(6), tick(11), end(60), arrives(call(61, 'r61')), tick(65)]
    expect(summaries(late).map((o) => o.metadata.close_reason)).toEqual([
      'session_end',
      'session_end',
    ])
    const tooLate = [...telemetry, end(6), tick(11), end(60), arrives(call(99, 'r99')), tick(105)]
    expect(summaries(tooLate)).toHaveLength(1)
  })
})

describe('hooks alone', () => {
  test('tell the story, say that cost is not known, and keep content back', () => {
    const { observations, state } = run([...hooks, sessionEnd(4), tick(20)])
    expect(observations.map((o) => o.name)).toEqual(['Bash', 'conversation', 'session-summary'])
    expect(observations[1]?.metadata.telemetry).toContain('none received')
    expect(observations[1]?.input).toBe('[not shown: set HOOK_CONTENT=on]')
    expect(state.totals.prompts).toBe(0)
  })

  test('show content where it is switched on', () => {
    const on = { ...policy, hookContent: 'on' as const }
    const { observations } = run([...hooks, closing(4)], undefined, on)
    expect(observations.map((o) => o.output)).toContain('told answer')
    expect(observations.map((o) => o.output)).toContainEqual({ stdout: 'told output' })
  })
})

describe('content of hooks in the state', () => {
  const told = 'a secret '.repeat(10)
  const textOf = (inputs: readonly SessionInput[], hookContent: 'auto' | 'on' | 'off') =>
    JSON.stringify(run(inputs, undefined, { ...policy, hookContent }).state.turns)
  const input = (s: number, id: string) =>
    tool(s, id, { kind: 'tool_report', state: 'begun', input: told, output: undefined as never })
  const output = (s: number, id: string) => tool(s, id, { kind: 'tool_report', output: told })

  test('is held only as far as it may be shown', () => {
    expect(textOf([input(1, 'u1')], 'auto')).not.toContain(told)
    expect(textOf([input(1, 'u1')], 'on')).toContain(told)
    expect(textOf([output(1, 'u1')], 'auto')).toContain(told)
    expect(textOf([output(1, 'u1')], 'off')).not.toContain(told)
    expect(textOf([submit(1), stop(2)], 'auto')).not.toContain('told prompt')
  })

  test('goes when telemetry has told the same', () => {
    const unshown = [output(1, 'u1'), arrives(result(2, 'u1'), 5)]
    expect(textOf(unshown, 'auto')).not.toContain(told)
    // The model's next call is given it.
    const shown = [output(1, 'u1'), arrives(result(2, 'u1', { input: '{}' }), 5)]
    expect(textOf(shown, 'auto')).toContain(told)
    const given = [...shown, arrives(call(3, 'r2'), 6), arrives(answer(3, 'r2', 'x'), 6)]
    expect(textOf(given, 'auto')).not.toContain(told)
    const prompted = [submit(0), stop(3), arrives(prompt(0.1), 5), arrives(answer(3, 'r2', 'x'), 5)]
    expect(textOf(prompted, 'on')).not.toMatch(/told (prompt|answer)/)
  })
})

test('all tools of a turn of which hooks alone tell are shown, however many and long', {
  timeout: 120_000,
}, () => {
  const inputs = Array.from({ length: 1500 }, (_, n) =>
    tool(n, `u${n}`, { kind: 'tool_report', output: 'x'.repeat(900) }),
  )
  for (const hookContent of ['on', 'off'] as const) {
    const all = [submit(0), ...inputs, stop(2000), tick(2010)]
    const { observations } = run(all, undefined, { ...policy, hookContent })
    const tools = observations.filter(({ type }) => type === 'tool')
    expect(new Set(tools.map(({ key }) => key)).size).toBe(1500)
    expect(tools).toHaveLength(1500)
  }
})
