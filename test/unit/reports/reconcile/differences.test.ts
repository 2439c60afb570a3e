/** Differences between the sources of a session, with their sign and their cause. */
import { describe, expect, test } from 'vitest'
import {
  addDifferences,
  addFigures,
  differencesOf,
  figuresOf,
  notesOf,
} from '../../../../src/reports/reconcile/differences.ts'
import type {
  JoinedCall,
  SessionSources,
  SourceCall,
} from '../../../../src/reports/reconcile/session-sources.ts'

const call = (of: Partial<SourceCall> = {}): SourceCall => ({
  timeMs: 1000,
  model: 'opus',
  querySource: undefined,
  usage: { input: 100, output: 10, cacheRead: 0, cacheCreation: 0 },
  costUsd: 0.02,
  ...of,
})

const sources = (
  calls: readonly JoinedCall[],
  of: Partial<SessionSources> = {},
): SessionSources => ({
  calls,
  firstTelemetryMs: 1000,
  lastTranscriptMs: 9000,
  isContinuation: false,
  agentTotalUsd: undefined,
  ...of,
})

describe('a call that one source lacks', () => {
  test.each([
    ['compact', {}, /compactions leave no line/],
    ['generate_session_title', {}, /titles and other side calls/],
    ['repl_main_thread', { lastTranscriptMs: undefined }, /no transcript was imported/],
    ['repl_main_thread', { lastTranscriptMs: 500 }, /made after the transcript was read/],
    ['repl_main_thread', {}, /no line for the calls/],
  ])('is more of telemetry: %s, %o', (querySource, of, cause) => {
    const found = differencesOf(sources([{ telemetry: call({ querySource }) }], of), undefined)
    expect(found).toEqual([
      {
        between: ['telemetry', 'transcript'],
        ...{ calls: 1, costUsd: 0.02, tokens: 110 },
        cause: expect.stringMatching(cause),
      },
    ])
  })

  test.each([
    [{ firstTelemetryMs: undefined }, /no telemetry was received/],
    [{ firstTelemetryMs: 2000 }, /before telemetry was switched on/],
    [{}, /telemetry did not arrive/],
  ])('is less of telemetry: %o', (of, cause) => {
    const calls = [{ transcript: call() }, { transcript: call({ costUsd: undefined }) }]
    expect(differencesOf(sources(calls, of), undefined)).toEqual([
      {
        between: ['telemetry', 'transcript'],
        ...{ calls: -2, costUsd: -0.02, tokens: -220 },
        cause: expect.stringMatching(cause),
      },
    ])
  })

  test('has no cost where it has no price', () => {
    const [found] = differencesOf(sources([{ telemetry: call({ costUsd: undefined }) }]), undefined)
    expect(found).not.toHaveProperty('costUsd')
  })
})

test('other figures of the same calls name those calls, not missing ones', () => {
  const usage = { input: 100, output: 3, cacheRead: 0, cacheCreation: 0 }
  const calls = [
    { telemetry: call(), transcript: call({ usage }) },
    { telemetry: call({ costUsd: 0.03 }), transcript: call() },
  ]
  expect(differencesOf(sources(calls), undefined)).toEqual([
    {
      between: ['telemetry', 'transcript'],
      ...{ differingCalls: 1, tokens: 7 },
      cause: expect.stringMatching(/token counts were final/),
    },
    {
      between: ['telemetry', 'transcript'],
      ...{ differingCalls: 1, costUsd: 0.01 },
      cause: expect.stringMatching(/price table/),
    },
  ])
})

test('a session that agrees and was resumed has a note, and no difference', () => {
  const same = sources([{ telemetry: call(), transcript: call() }], { isContinuation: true })
  expect(differencesOf(same, { costUsd: 0.02, tokens: 110 })).toEqual([])
  expect(notesOf(same)).toEqual([expect.stringMatching(/resumed or forked/)])
  expect(notesOf(sources([]))).toEqual([])
})

test("the agent's total and metrics are compared with their sign", () => {
  const calls = [{ telemetry: call(), transcript: call() }]
  const of = (agentTotalUsd: number, metricsUsd: number, isContinuation = false) =>
    differencesOf(sources(calls, { agentTotalUsd, isContinuation }), {
      ...{ costUsd: metricsUsd, tokens: null },
    })
  expect(of(0.05, 0.01)).toMatchObject([
    {
      between: ['agent total', 'total'],
      costUsd: 0.03,
      cause: expect.stringMatching(/compactions/),
    },
    { between: ['metrics', 'telemetry'], costUsd: -0.01 },
  ])
  expect(of(0.01, 0.02)).toMatchObject([{ costUsd: -0.01, cause: expect.stringMatching(/before/) }])
  expect(of(0.05, 0.02, true)).toMatchObject([
    { cause: expect.stringMatching(/resumed or forked from/) },
  ])
})

test('the cost of calls without a price is unknown, not nothing', () => {
  const unpriced = figuresOf([call({ costUsd: undefined })])
  expect(unpriced).toMatchObject({ calls: 1, costUsd: null, unpricedCalls: 1 })
  expect(figuresOf([])).toMatchObject({ calls: 0, costUsd: 0 })
  expect(addFigures(unpriced, unpriced)).toMatchObject({ calls: 2, costUsd: null })
  expect(addFigures(unpriced, figuresOf([call()]))).toMatchObject({
    costUsd: 0.02,
    unpricedCalls: 1,
  })
})

test('differences add up, cents exactly', () => {
  const one = {
    between: ['telemetry', 'transcript'],
    cause: 'x',
    calls: -1,
    costUsd: -0.1,
  } as const
  const other = { ...one, costUsd: -0.2, tokens: 5 }
  expect(addDifferences(one, other)).toEqual({ ...one, calls: -2, costUsd: -0.3, tokens: 5 })
  expect(addDifferences(one, one)).not.toHaveProperty('tokens')
})
