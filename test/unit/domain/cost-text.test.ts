/** What was spent, in words: one rule for the page and the CLI. */
import { expect, test } from 'vitest'
import { costNote, costSummary, costTitle, eventsWarning } from '../../../src/domain/cost-text.ts'

const COSTS = { costUsd: 0.425, estimatedUsd: 0, metricsUsd: 0, unpricedCalls: 0 }

test.each([
  [{}, 3, undefined, '$0.43', '$0.425'],
  [
    { unpricedCalls: 1 },
    1,
    '1 of 1 call without a price',
    '$0.43 (1 of 1 call without a price)',
    '$0.425: 1 of 1 call without a price',
  ],
  [
    { costUsd: null, unpricedCalls: 1200 },
    1000,
    '1,200 of 1,200 calls without a price',
    'unknown (1,200 of 1,200 calls without a price)',
    'unknown: 1,200 of 1,200 calls without a price',
  ],
  [{ estimatedUsd: 0.425 }, 1, 'estimated', '$0.43 (estimated)', '$0.425: estimated'],
  [
    { estimatedUsd: 0.2, metricsUsd: 0.1 },
    1,
    '$0.20 estimated, $0.10 from metrics only',
    '$0.43 ($0.20 estimated, $0.10 from metrics only)',
    '$0.425: $0.20 estimated, $0.10 from metrics only',
  ],
])('%o of %d calls', (change, calls, note, summary, title) => {
  const costs = { ...COSTS, ...change }
  expect(costNote(costs, calls)).toBe(note)
  expect(costSummary(costs, calls)).toBe(summary)
  expect(costTitle(costs, calls)).toBe(title)
})

test('what metrics alone tell is warned of', () => {
  expect(eventsWarning(COSTS)).toBeUndefined()
  expect(eventsWarning({ metricsUsd: 0.1 })).toMatch(/^Events are missing: \$0\.10 is known from /)
})
