/** What must hold for any course of events, not only for the recorded ones. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import {
  answer,
  arrives,
  call,
  closing,
  decision,
  failure,
  noteEvent,
  fresh,
  other,
  policy,
  prompt,
  result,
  run,
  span,
  subagentEnd,
} from './events.ts'

/** A random but possible life of a session: every id once. */
const events: fc.Arbitrary<AgentEvent[]> = fc
  .array(
    fc.record({
      what: fc.constantFrom(
        'prompt',
        'call',
        'answer',
        'decision',
        'refusal',
        'result',
        'error',
        'other',
        'note',
        'subagent_end',
        'call_span',
        'tool_span',
        'turn_span',
      ),
      turn: fc.integer({ min: 1, max: 4 }),
      named: fc.boolean(),
      subagent: fc.boolean(),
      traced: fc.boolean(),
      ref: fc.nat(6),
      // Records of one request arrive together.
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 })),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let seconds = 0
    return steps.map((step, n) => {
      seconds += step.gap
      const more = {
        promptId: step.named ? `p${step.turn}` : (undefined as never),
        ...(step.subagent && { subagentId: 'a1' }),
        ...(step.traced && { traceId: `t${step.turn}` }),
        dedupKey: `${step.what}|${n}`,
      }
      switch (step.what) {
        case 'prompt':
          return prompt(seconds, `prompt ${n}`, more)
        case 'call':
          return call(seconds, `r${n}`, more)
        case 'answer':
          return answer(seconds, `r${step.ref}`, `answer ${n}`, more)
        case 'decision':
          return decision(seconds, `t${n}`, more)
        case 'refusal':
          return decision(seconds, `t${n}`, { ...more, accepted: false })
        case 'result':
          return result(seconds, `t${Math.max(0, n - step.ref)}x${n}`, more)
        case 'error':
          return failure(seconds, `failure ${n}`, more)
        case 'note':
          return noteEvent(seconds, `note ${n}`, more)
        case 'subagent_end':
          return { ...subagentEnd(seconds, 'a1'), ...more, subagentId: 'a1' }
        case 'call_span':
          return span('model_call', seconds, seconds, { ...more, requestId: `r${n - step.ref}` })
        case 'tool_span':
          return span('tool', seconds, seconds, { ...more, toolUseId: `t${n - step.ref}` })
        case 'turn_span':
          return span('turn', seconds, seconds, more)
        default:
          return other(seconds, `other_${step.ref}`)
      }
    })
  })

const inputsOf = (list: readonly AgentEvent[]): SessionInput[] => list.map((e) => arrives(e))

const impatient = { ...policy, joinTimeoutMs: 0, quietTimeoutMs: 0, sessionEndGraceMs: 0 }

test.each([
  ['', policy],
  [' of those who wait for nothing', impatient],
])('a batch split anywhere gives the same emissions%s', (_, settings) => {
  fc.assert(
    fc.property(events, fc.nat(40), (list, cut) => {
      const inputs = [...inputsOf(list), closing(10_000)]
      const whole = reduce(fresh(), inputs, settings)
      const first = reduce(fresh(), inputs.slice(0, cut), settings)
      const stored = JSON.parse(JSON.stringify(first.state)) as typeof first.state
      const second = reduce(stored, inputs.slice(cut), settings)
      expect([...first.emissions, ...second.emissions]).toEqual(whole.emissions)
    }),
  )
})

test('every observation is emitted once, and every parent is in its trace', () => {
  fc.assert(
    fc.property(events, (list) => {
      const { observations } = run([...inputsOf(list), closing(10_000)])
      const ids = observations.map((o) => `${o.traceKey} ${o.key}`)
      expect(new Set(ids).size).toBe(ids.length)
      const children = observations.filter((o) => o.parentKey !== undefined)
      const orphans = children.filter((o) => !ids.includes(`${o.traceKey} ${o.parentKey}`))
      expect(orphans).toEqual([])
    }),
  )
})

test('as many generations, tools, cost and tokens as the events say', () => {
  fc.assert(
    fc.property(events, (list) => {
      const { observations, state } = run([...inputsOf(list), closing(10_000)])
      const calls = list.filter((e) => e.kind === 'model_call')
      const generations = observations.filter((o) => o.type === 'generation' && o.level !== 'ERROR')
      expect(generations).toHaveLength(calls.length)
      const shown = generations.reduce((sum, o) => sum + (o.costUsd ?? 0), 0)
      expect(shown).toBeCloseTo(calls.length * 0.01, 9)
      expect(state.totals.costUsd).toBeCloseTo(shown, 9)
      const results = list.filter((e) => e.kind === 'tool_result').length
      expect(observations.filter((o) => o.type === 'tool' && o.level !== 'WARNING')).toHaveLength(
        results,
      )
    }),
  )
})
