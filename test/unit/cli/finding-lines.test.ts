/** What the doctor finds, on a terminal and in a pipe. */
import { expect, test } from 'vitest'
import { findingLines } from '../../../src/cli/doctor.ts'
import { widthOf } from '../../../src/cli/plain-text.ts'
import { fine, warning } from '../../../src/doctor/finding.ts'
import { printed, terminalOf } from './printed.ts'

const names = Array.from({ length: 5 }, (_, n) => `somebody-${n}@a-company.example`).join(', ')
const findings = [
  fine('fleet.users', '5 users in 30 days'),
  warning('fleet.silent', `${names} have been silent for 3 days`, `Ask ${names} what they use`),
]

test.each([80, 100])('fits %i columns', (columns) => {
  const lines = printed(findingLines(findings, terminalOf({ columns })), { columns }).split('\n')
  expect(lines.length).toBeGreaterThan(7)
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns)
  expect(lines.join(' ').replace(/ +/g, ' ')).toContain(`${names} have been silent for 3 days`)
})

test('has a line for each in a pipe', () => {
  expect(printed(findingLines(findings, terminalOf({}))).split('\n')).toEqual([
    'ok    fleet.users           5 users in 30 days',
    `warn  fleet.silent          ${names} have been silent for 3 days`,
    `      → Ask ${names} what they use`,
    '',
    '0 errors, 1 warning.',
  ])
})
