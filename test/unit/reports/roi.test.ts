/** The return, worked out by hand. */
import { describe, expect, test } from 'vitest'
import { roiOf } from '../../../src/reports/roi.ts'

const DAY_MS = 86_400_000
const figures = {
  fromMs: 0,
  toMs: 30.4375 * DAY_MS,
  costUsd: 120,
  unpricedCalls: 3,
  commits: 40,
  pullRequests: 8,
  linesAccepted: 6000,
}

describe('the return', () => {
  test('without assumptions is what each thing cost', () => {
    expect(roiOf(figures, {})).toEqual({
      ...{ paidUsd: 120, unpricedCalls: 3 },
      ...{ perCommitUsd: 3, perPullRequestUsd: 15, perThousandLinesUsd: 20 },
      ...{ hoursSaved: null, valueUsd: null, netUsd: null },
    })
  })

  test('values what is assumed to be saved', () => {
    const saved = { unit: 'commit', minutes: 30 } as const
    expect(roiOf(figures, { saved, hourlyUsd: 90 })).toMatchObject({
      ...{ hoursSaved: 20, valueUsd: 1800, netUsd: 1680 },
    })
    expect(roiOf(figures, { saved })).toMatchObject({
      hoursSaved: 20,
      valueUsd: null,
      netUsd: null,
    })
  })

  test.each([
    { unit: 'line', minutes: 0.5, hours: 50 },
    { unit: 'pull_request', minutes: 120, hours: 16 },
  ] as const)('by $unit', ({ unit, minutes, hours }) => {
    expect(roiOf(figures, { saved: { unit, minutes } }).hoursSaved).toBe(hours)
  })

  test('has the share of a plan in place of the prices of calls', () => {
    const half = { ...figures, toMs: (30.4375 / 2) * DAY_MS }
    expect(roiOf(half, { planUsd: 200 })).toMatchObject({
      ...{ paidUsd: 100, unpricedCalls: 0, perCommitUsd: 2.5 },
    })
  })

  test('says nothing of what did not happen, and of what is not known', () => {
    expect(roiOf({ ...figures, commits: 0 }, {})).toMatchObject({ perCommitUsd: null })
    const saved = { unit: 'commit', minutes: 30 } as const
    expect(roiOf({ ...figures, costUsd: null }, { saved, hourlyUsd: 90 })).toMatchObject({
      ...{ paidUsd: null, perCommitUsd: null, valueUsd: 1800, netUsd: null },
    })
  })
})
