/** The sentence above the failures: failed calls are not among those that succeeded. */
import { expect, test } from 'vitest'
import { failedText } from '../../../src/mcp/failure-tool.ts'

test.each([
  [
    { modelErrors: 0, modelCalls: 83, toolFailures: 6, toolResults: 48 },
    '0 of 83 model calls failed; 6 of 48 tools failed.',
  ],
  [
    { modelErrors: 2, modelCalls: 1, toolFailures: 0, toolResults: 1 },
    '2 of 3 model calls failed; 0 of 1 tool failed.',
  ],
])('%j: %s', (counts, text) => {
  expect(failedText(counts)).toBe(text)
})
