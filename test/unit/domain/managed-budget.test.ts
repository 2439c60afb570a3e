/** Windows, subjects and names of managed budgets. */
import { describe, expect, test } from 'vitest'
import { readBudgetOf, readBudgetWindow } from '../../../src/domain/budget-subject.ts'
import { heldName, heldWhen, windowAt } from '../../../src/domain/managed-budget.ts'
import { createBudgetCalendar } from '../../../src/reports/budget-days.ts'

const HOUR_MS = 3_600_000

describe('a window', () => {
  test.each([
    ['day', 'Europe/Vienna', '2026-11-21T23:30:00Z', '2026-11-22', '2026-11-21T23:00', 24],
    // The clock goes forward on that day, and in that week and month.
    ['day', 'Europe/Vienna', '2026-03-29T12:00:00Z', '2026-03-29', '2026-03-28T23:00', 23],
    ['week', 'Europe/Vienna', '2026-03-29T12:00:00Z', '2026-03-23', '2026-03-22T23:00', 167],
    ['week', 'UTC', '2026-11-22T23:59:59Z', '2026-11-16', '2026-11-16T00:00', 168],
    ['week', 'UTC', '2026-11-23T00:00:00Z', '2026-11-23', '2026-11-23T00:00', 168],
    ['month', 'Europe/Vienna', '2026-10-31T22:59:00Z', '2026-10', '2026-09-30T22:00', 745],
    ['month', 'Europe/Vienna', '2026-10-31T23:00:00Z', '2026-11', '2026-10-31T23:00', 720],
    ['month', 'UTC', '2028-02-29T12:00:00Z', '2028-02', '2028-02-01T00:00', 696],
  ] as const)('%s in %s at %s', (unit, zone, at, date, from, hours) => {
    const span = windowAt(unit, Date.parse(at), createBudgetCalendar(zone))
    expect(span?.date).toBe(date)
    expect(new Date(span?.fromMs ?? 0).toISOString().slice(0, 16)).toBe(from)
    expect(((span?.toMs ?? 0) - (span?.fromMs ?? 0)) / HOUR_MS).toBe(hours)
  })

  test('that rolls begins with the first quarter of an hour that is wholly within', () => {
    const nowMs = Date.parse('2026-11-21T12:07:00Z')
    const span = windowAt('5h', nowMs, createBudgetCalendar('UTC'))
    expect(new Date(span?.fromMs ?? 0).toISOString()).toBe('2026-11-21T07:15:00.000Z')
    expect(span?.date).toBe('')
  })

  test.each(['1h', '5h', '744h', '31d', 'session', 'month'])('%s is one', (text) => {
    expect(readBudgetWindow(text)).toBe(text)
  })

  test.each(['0h', '745h', '32d', '5m', '1.5h', 'year', '', 'h', '-1d', '05h'])(
    '%j is none',
    (text) => expect(readBudgetWindow(text)).toBeUndefined(),
  )
})

test.each([
  ['all', { of: 'all' }],
  ['user', { of: 'user' }],
  ['user:ada@example.com', { of: 'user', subject: 'ada@example.com' }],
  ['project:a:b/c', { of: 'project', subject: 'a:b/c' }],
  ['all:x', undefined],
  ['user:', undefined],
  ['group', undefined],
  [`user:${'x'.repeat(201)}`, undefined],
  ['user:a\nb', undefined],
])('%j is read', (text, expected) => expect(readBudgetOf(text)).toEqual(expected))

test.each([
  [{ scope: 'all', subject: '', date: '2026-11' }, 'month', 'monthly budget "b"', ' in 2026-11'],
  [
    { scope: 'user', subject: 'ada', date: '2026-11-16' },
    'week',
    'weekly budget "b" of ada',
    ' in the week of 2026-11-16',
  ],
  [
    { scope: 'model', subject: 'opus', date: '' },
    '5h',
    'rolling 5h budget "b" of model opus',
    ' within 5h',
  ],
  [{ scope: 'session', subject: 'c/1', date: '' }, 'session', 'budget "b" of session c/1', ''],
] as const)('%j over a %s is named', (held, window, name, when) => {
  expect(heldName({ ...held, budget: 'b', window })).toBe(name)
  expect(heldWhen({ ...held, window })).toBe(when)
})
