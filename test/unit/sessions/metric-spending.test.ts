/** A session whose events do not arrive counts by its metrics; when they come after all, by them alone. */
import { describe, expect, test } from 'vitest'
import type { MetricSample } from '../../../src/domain/metric-sample.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import { readState } from '../../../src/sessions/stored-state.ts'
import { spentOf } from '../../../src/sessions/usage/totals.ts'
import { arrives, at, call, closing, fresh, policy, run, sample, told } from './events.ts'

/** Growth of cost between two moments. */
const grew = (from: number, to: number, usd: number, more: Partial<MetricSample> = {}) =>
  arrives(
    sample(to, 'cost_usd', usd, {
      startMs: at(from),
      model: 'opus',
      dedupKey: `${from}-${to}-${usd}`,
      ...more,
    }),
  )
const tokens = (from: number, to: number, count: number) =>
  arrives(sample(to, 'tokens', count, { startMs: at(from), model: 'opus', facet: 'input' }))
/** The value of a cumulative series of one process. */
const stands = (process: number, to: number, usd: number) =>
  grew(process, to, usd, { temporality: 'cumulative', seriesKey: `process ${process}` })
const called = (seconds: number, usd: number, arrived = seconds) =>
  arrives(call(seconds, `r${seconds}`, told(usd)), arrived)

const spent = (inputs: readonly SessionInput[], from?: SessionState) => {
  const { totals } = run(inputs, from).state
  return { costUsd: spentOf(totals).costUsd, metricsUsd: totals.metricsUsd }
}

const rows: readonly [string, readonly SessionInput[], number, number][] = [
  ['metrics alone', [grew(0, 60, 7.5), grew(60, 120, 5)], 12.5, 12.5],
  ['cumulative metrics alone', [stands(0, 60, 7.5), stands(0, 120, 12.5)], 12.5, 12.5],
  ['events and metrics', [called(30, 0.1), grew(0, 60, 0.1)], 0.1, 0],
  ['metrics before their events', [grew(0, 60, 0.1), called(30, 0.1, 61)], 0.1, 0],
  [
    'more in metrics than in events (an answer cut off)',
    [called(30, 0.1), grew(0, 60, 0.3)],
    0.1,
    0,
  ],
  ['the same, metrics first', [grew(0, 60, 0.3), called(30, 0.1, 61)], 0.1, 0],
  [
    'events that stop',
    [called(30, 0.1), grew(0, 60, 0.1), grew(60, 120, 2), grew(120, 180, 3)],
    5.1,
    5,
  ],
  [
    'events that stop and begin anew',
    [called(30, 0.1), grew(0, 60, 0.1), grew(60, 120, 2), called(130, 0.4), grew(120, 180, 0.4)],
    2.5,
    2,
  ],
  [
    'events that come late, all at once',
    [grew(0, 60, 1), grew(60, 120, 2), called(50, 1, 130), called(100, 2, 130)],
    3,
    0,
  ],
  [
    'a resumed process without events',
    [called(30, 1), stands(0, 60, 1), stands(1000, 1060, 4), stands(1000, 1120, 9)],
    10,
    9,
  ],
  [
    'a cumulative series whose events stop within it',
    [called(30, 1), stands(0, 60, 1), stands(0, 120, 3), called(130, 0.5), stands(0, 180, 3.5)],
    3.5,
    2,
  ],
]

test.each(rows)('%s', (_, inputs, costUsd, metricsUsd) => {
  expect(spent(inputs)).toEqual({ costUsd, metricsUsd })
})

test.each(rows)(
  'the rows of the reports add up to the same: %s',
  (_, inputs, costUsd, metricsUsd) => {
    let state = fresh()
    let sums = { costUsd: 0, metricsUsd: 0 }
    for (const input of inputs) {
      const step = reduce(state, [input], policy)
      state = step.state
      for (const row of step.usage.models) {
        sums = { costUsd: sums.costUsd + row.costUsd, metricsUsd: sums.metricsUsd + row.metricsUsd }
      }
    }
    expect(sums.costUsd).toBeCloseTo(costUsd, 9)
    expect(sums.metricsUsd).toBeCloseTo(metricsUsd, 9)
  },
)

describe('tokens', () => {
  test('count as the cost does, and are taken back with it', () => {
    const alone = run([grew(0, 60, 1), tokens(0, 60, 500)])
    expect(spentOf(alone.state.totals).usage.input).toBe(500)
    const late = run([called(30, 1, 61)], alone.state)
    expect(spentOf(late.state.totals).usage.input).toBe(10)
  })
})

test('the summary says what metrics alone told', () => {
  const ran = run([grew(0, 60, 7.5), closing(61)])
  expect(ran.observations.at(-1)?.output).toMatchObject({
    cost_usd: 7.5,
    told_by_metrics_usd: 7.5,
  })
})

test('a long session is bounded, and adds up', () => {
  const minutes = Array.from({ length: 500 }, (_, n) => grew(n * 60, n * 60 + 60, 0.01))
  const { state } = run(minutes)
  expect(state.metricStretches.length).toBeLessThanOrEqual(60)
  expect(spent(minutes)).toEqual({ costUsd: 5, metricsUsd: 5 })
  // An event of the time that was put together takes back all of it: nothing counts twice.
  expect(spent([called(90, 0.02, 30_001)], state).costUsd).toBeLessThan(5)
})

test('a session that an earlier version left open knows that its events arrive', () => {
  const { state } = run([called(30, 1)])
  const {
    lastCallMs: _,
    metricStretches: __,
    ...old
  } = JSON.parse(JSON.stringify(state)) as object & {
    lastCallMs: unknown
    metricStretches: unknown
  }
  const unknown = { title: undefined, firstPromptMs: undefined, firstCommitMs: undefined }
  const read = readState({
    sessionKey: state.key,
    version: state.version,
    text: JSON.stringify(old),
    ...unknown,
  })
  if (!read.ok) throw new Error(read.error)
  expect(spent([grew(0, 60, 1)], read.value)).toEqual({ costUsd: 1, metricsUsd: 0 })
})
