/** A session in which nothing happened is not summed up, until something does. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent, NoteEvent } from '../../../src/domain/agent-event.ts'
import type { MetricSample } from '../../../src/domain/metric-sample.ts'
import { isEmpty } from '../../../src/sessions/eventful.ts'
import { rowOf } from '../../../src/sessions/row.ts'
import { readState } from '../../../src/sessions/stored-state.ts'
import {
  arrives,
  at,
  call,
  closing,
  decision,
  failure,
  fresh,
  lines,
  policy,
  prompt,
  result,
  run,
  sample,
  span,
  subagentEnd,
} from './events.ts'

/** As an agent tells it before any prompt. */
function unprompted<T extends AgentEvent>(event: T): T {
  const { promptId: _, ...rest } = event
  return rest as T
}

const base = {
  agent: 'claude-code',
  sessionId: 's1',
  timeMs: at(1),
  identity: {},
}
const told = (kind: 'other' | 'session_end_report', name: string): AgentEvent =>
  kind === 'other'
    ? { ...base, kind, name, dedupKey: name }
    : { ...base, kind, name, dedupKey: name, reason: 'other' }
const note = (name: string, more: Partial<NoteEvent>): AgentEvent => ({
  ...base,
  kind: 'note',
  name,
  dedupKey: name,
  title: name,
  level: 'DEFAULT',
  details: {},
  ...more,
})

const start: readonly (AgentEvent | MetricSample)[] = [
  told('other', 'managed_settings_resolved'),
  told('other', 'plugin_loaded'),
  told('other', 'hook_registered'),
  note('mcp_server_connection', { isStartUp: true, level: 'ERROR', statusMessage: 'refused' }),
  note('hook_execution_complete', { level: 'WARNING' }),
  sample(1, 'session_start', 1, { facet: 'continue' }),
  sample(1, 'active_time_s', 12, { facet: 'user' }),
  sample(1, 'other', 5),
  sample(1, 'commits', 0),
  sample(1, 'cost_usd', 0, { value: undefined }),
  told('session_end_report', 'SessionEnd'),
  unprompted(span('other', 0, 1)),
]

describe('an agent that was only started', () => {
  test('sends nothing, whatever it tells of itself', () => {
    const { emissions, state } = run([...start.map((item) => arrives(item)), closing(2)])
    expect(emissions).toEqual([])
    expect(isEmpty(state)).toBe(true)
    expect(rowOf(state, policy).isEmpty).toBe(true)
    expect(state.closed).toBe('shutdown')
  })

  test.each<[string, AgentEvent | MetricSample]>([
    ['a prompt', prompt(3)],
    ['a call', unprompted(call(3, 'r1'))],
    ['a failed call', unprompted(failure(3, 'no'))],
    ['a tool', unprompted(result(3, 't1'))],
    ['a refusal', unprompted(decision(3, 't1', { accepted: false }))],
    ['a subagent', unprompted(subagentEnd(3, 'a1'))],
    ['an error', note('internal_error', { level: 'ERROR' })],
    ['whatever names a prompt', { ...told('other', 'new_event'), promptId: 'p1' }],
    ['a span of a call', unprompted(span('model_call', 2, 3))],
    [
      'a prompt that a hook tells',
      { ...base, kind: 'turn_start_report', name: 'UserPromptSubmit', dedupKey: 'h', prompt: 'x' },
    ],
    [
      'a tool that a hook tells',
      {
        ...base,
        kind: 'tool_report',
        name: 'PreToolUse',
        dedupKey: 'h',
        tool: 'Bash',
        toolUseId: 't1',
        state: 'begun',
      },
    ],
    ['cost that metrics tell', sample(3, 'cost_usd', 0.1)],
    ['tokens that metrics tell', sample(3, 'tokens', 5, { facet: 'input' })],
    ['a commit', sample(3, 'commits', 1)],
    ['lines of code', sample(3, 'lines_of_code', 1, { facet: 'added' })],
  ])('and then something happens: %s', (_, item) => {
    const inputs = [...start.map((each) => arrives(each)), closing(2), arrives(item), closing(9)]
    const { observations, state } = run(inputs)
    expect(isEmpty(state)).toBe(false)
    expect(rowOf(state, policy).isEmpty).toBe(false)
    expect(lines(observations).at(-1)).toBe('span session-summary @summary/1')
    expect(observations.at(-1)?.output).toMatchObject({
      events: { plugin_loaded: 1 },
      starts: { continue: 1 },
    })
  })
})

describe('a state of an earlier version', () => {
  const before = (inputs: Parameters<typeof run>[0]) => {
    const { eventful: _, ...state } = run(inputs).state
    const facts = { title: undefined, firstPromptMs: undefined, firstCommitMs: undefined }
    const text = JSON.stringify({ ...state, version: 1 })
    const read = readState({ sessionKey: state.key, version: 1, text, ...facts })
    if (!read.ok) throw new Error(read.error)
    return read.value
  }
  test.each<[string, Parameters<typeof run>[0], boolean]>([
    ['of a start', start.slice(0, 6).map((item) => arrives(item)), true],
    ['of nothing at all', [], true],
    ['with a turn', [arrives(prompt(0))], false],
    ['with cost that metrics told', [arrives(sample(1, 'cost_usd', 0.1))], false],
    ['with a hook', [arrives(told('session_end_report', 'SessionEnd'))], false],
  ])('%s says so by its figures', (_, inputs, empty) => {
    const state = before(inputs)
    expect(isEmpty(state)).toBe(empty)
    const later = run([arrives(told('other', 'plugin_loaded'), 5), closing(6)], state)
    expect(isEmpty(later.state)).toBe(empty)
  })
})

test('a session that has just begun is empty', () => {
  expect(isEmpty(fresh())).toBe(true)
})
