/** The order of versions, which decides which one is the newest of a fleet. */
import { expect, test } from 'vitest'
import { compareVersions } from '../../../src/reports/fleet.ts'

test.each([
  ['2.1.9', '2.1.10'],
  ['2.1', '2.1.1'],
  ['0.301.0', '1.0.0'],
  ['1.0.0-beta.1', '1.0.0'],
  ['1.0.0-alpha', '1.0.0-beta'],
  ['next', '0.1.0'],
])('%s is older than %s', (older, newer) => {
  expect(compareVersions(older, newer)).toBeLessThan(0)
  expect(compareVersions(newer, older)).toBeGreaterThan(0)
  expect(compareVersions(newer, newer)).toBe(0)
})
