/** States of earlier versions, which took any figure: what cannot be true is gone, the rest stays. */
import { describe, expect, test } from 'vitest'
import type { SessionInput } from '../../../src/sessions/reduce.ts'
import { soundState } from '../../../src/sessions/sound-state.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import { spanOf } from '../../../src/exporters/langfuse/span.ts'
import { arrives, at, call, closing, prompt, result, run, sample, told } from './events.ts'

/** Open: a call and a tool wait for their spans. */
const inputs: readonly SessionInput[] = [
  arrives(prompt(0, 'do it', { traceId: 't1' })),
  arrives(call(1, 'r1', told(0.1))),
  arrives(call(2, 'r2', { ...told(0.2), model: 'other', subagentId: 'a1' })),
  arrives(result(3, 'u1')),
  arrives(sample(3, 'commits', 2, { temporality: 'cumulative' })),
]

/** As it comes out of the store. */
const stored = (change: (state: SessionState) => void): SessionState => {
  const state = structuredClone(run(inputs).state)
  change(state)
  return JSON.parse(JSON.stringify(state)) as SessionState
}

test('a state that is sound stays what it is', () => {
  const state = stored(() => {})
  expect(soundState(state)).toEqual(state)
})

describe('a sum that cannot be true', () => {
  test.each([
    ['1e308', 1e308],
    ['an infinity, which JSON has as null', Number.POSITIVE_INFINITY],
    ['less than nothing', -1],
  ])('of money: %s', (_, poison) => {
    const state = soundState(
      stored(({ totals, turns }) => {
        totals.costUsd = poison
        if (totals.models.other) totals.models.other.costUsd = poison
        totals.metrics.costUsd = poison
        for (const turn of Object.values(turns)) turn.costUsd = poison
      }),
    )
    expect(state.totals).toMatchObject({
      costUsd: 0.1,
      models: { 'claude-opus-5-5': { costUsd: 0.1 }, other: { costUsd: 0 } },
      metrics: { costUsd: 0 },
    })
    const more = run([arrives(call(4, 'r3', told(0.2)))], state)
    expect(more.state.totals.costUsd).toBe(0.3)
  })

  test('of tokens and times', () => {
    const { totals } = soundState(
      stored(({ totals }) => {
        totals.usage.input = 1e300
        for (const model of Object.values(totals.models)) {
          if (model === totals.models.other) model.usage.input = 1e300
          model.durationMs.max = 1e15
          model.durationMs.sum = 1e15
        }
        totals.ttftMs.sum = Number.POSITIVE_INFINITY
        totals.metrics.activeUserS = Number.NaN
        totals.metrics.tokens.output = 1e300
      }),
    )
    expect(totals.usage).toEqual({ input: 10, output: 40, cacheRead: 60, cacheCreation: 80 })
    expect(totals.models['claude-opus-5-5']?.durationMs.count).toBe(0)
    expect(totals.tools.Bash?.durationMs.count).toBe(1)
    expect(totals.ttftMs.count).toBe(0)
    expect(totals.metrics).toMatchObject({ activeUserS: 0, tokens: { output: 0 } })
  })

  test('money of binary fractions becomes decimals', () => {
    const { totals } = soundState(
      stored(({ totals }) => {
        totals.costUsd = 0.1 + 0.2
      }),
    )
    expect(totals.costUsd).toBe(0.3)
  })

  test('of a series is forgotten, and the next point begins it anew', () => {
    const state = soundState(
      stored(({ series, totals }) => {
        series.commits = { value: 1e308, timeMs: at(3) }
        totals.metrics.commits = 1e308
      }),
    )
    const more = run([arrives(sample(4, 'commits', 3, { temporality: 'cumulative' }))], state)
    expect(more.state.totals.metrics.commits).toBe(3)
  })
})

describe('times that cannot be true', () => {
  const FUTURE_MS = 4_090_000_000_000

  test('are no times of the session', () => {
    const state = soundState(
      stored((found) => {
        found.lastMs = FUTURE_MS
        found.firstCommitMs = FUTURE_MS
      }),
    )
    expect(state).toMatchObject({ firstMs: at(0), lastMs: at(3), firstCommitMs: at(3) })
  })

  test('do not keep what waits from being delivered', () => {
    const state = soundState(
      stored(({ turns }) => {
        for (const turn of Object.values(turns)) {
          turn.startMs = at(1) - 1e15
          turn.lastMs = FUTURE_MS
          turn.held = turn.held.map((held) => ({
            ...held,
            draft: {
              ...held.draft,
              startMs: at(1) - 1e15,
              completionStartMs: 1e300,
              costUsd: 1e308,
            },
          }))
          turn.heldTools = turn.heldTools.map((held) => ({
            ...held,
            draft: { ...held.draft, startMs: Number.NEGATIVE_INFINITY },
          }))
          for (const subagent of Object.values(turn.subagents)) {
            turn.subagents[`:${subagent.id}`] = { ...subagent, startMs: at(1) - 1e15 }
          }
        }
      }),
    )
    const { observations } = run([closing(9)], state)
    expect(observations.map(({ name }) => name).sort()).toEqual([
      'Bash',
      'chat claude-opus-5-5',
      'chat other',
      'conversation',
      'session-summary',
      'subagent unknown',
    ])
    for (const observation of observations) {
      expect(observation.startMs, observation.name).toBeGreaterThanOrEqual(at(0))
      expect(observation.endMs, observation.name).toBeLessThanOrEqual(at(3))
      expect(observation.costUsd ?? 0, observation.name).toBeLessThan(1)
      expect(() => spanOf(observation, { productVersion: '1' })).not.toThrow()
    }
  })
})
