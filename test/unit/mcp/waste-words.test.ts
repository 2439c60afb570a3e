/** What `find_waste` says in words: never that nothing was found where not everything was read. */
import { expect, test } from 'vitest'
import { findWasteTool } from '../../../src/mcp/report-tools.ts'

const nothing = { usd: 0, findings: [], leftOff: 0, sessionsRead: 30 }

test.each([
  [0, false, 'No waste was found in 30 sessions.'],
  [100, false, 'No waste was found in 30 sessions, the most expensive; 100 more were not read.'],
  [
    170,
    true,
    'No waste was found in 30 sessions, the most expensive; at least 170 more were not read.',
  ],
])('with %d sessions not read', (sessionsNotRead, sessionsNotReadIsAtLeast, words) => {
  expect(findWasteTool.summary({ ...nothing, sessionsNotRead, sessionsNotReadIsAtLeast })).toBe(
    words,
  )
})
