/** The table of `audit`, at the width of most terminals and in a pipe. */
import { expect, test } from 'vitest'
import { AUDIT_COLUMNS } from '../../../src/cli/keys.ts'
import { widthOf } from '../../../src/cli/plain-text.ts'
import { tableLines } from '../../../src/cli/table.ts'
import { printed, terminalOf } from './printed.ts'

const entries = [
  {
    id: 1,
    atMs: Date.UTC(2026, 10, 21, 9, 30),
    actor: 'platform-team-of-the-eu',
    action: 'retryQuarantine',
    target: `claude-code@red:ada%40example.com/${'0123456789'.repeat(4)}`,
    outcome: 'refused' as const,
  },
]

const linesAt = (terminal: Parameters<typeof terminalOf>[0]) =>
  printed(tableLines(AUDIT_COLUMNS, entries, terminalOf(terminal))).split('\n')

test('no row is wider than 80 columns, and each column is told', () => {
  const [titles, row = ''] = linesAt({ columns: 80 })
  expect(titles).toMatch(/^TIME +WHO +WHAT +OF +OUTCOME$/)
  expect(row).toMatch(/^2026-11-21 09:30:00 {2}platform.* {2}refused$/)
  expect(
    linesAt({ columns: 80 })
      .map(widthOf)
      .every((width) => width <= 80),
  ).toBe(true)
})

test('a pipe gets all of it', () => {
  expect(linesAt({ columns: 80, isTTY: false })[1]).toContain(entries[0]?.target ?? '?')
})
