/** The range that a report covers, and whose sessions its rows count. */
import { expect, test } from 'vitest'
import { MONDAY_MS, NOW_MS, openUsageStore } from '../reports/stored-usage.ts'
import { runCommandLine } from './run-command.ts'

const MINUTE_MS = 60_000
const NOTE = 'Reports cover whole quarter hours.'

async function storeOfADay() {
  const { store, use } = await openUsageStore()
  const at = (hour: number, minute: number) => MONDAY_MS + (hour * 60 + minute) * MINUTE_MS
  for (const [n, minute] of [29, 30, 44, 45].entries()) {
    await use('s1', { atMs: at(12, minute), models: [{ calls: 1, costUsd: 10 ** n }] })
  }
  return (...args: string[]) =>
    runCommandLine(
      ['report', '--tz', 'UTC', ...args],
      { DATA_DIR: store.dataDir },
      { nowMs: NOW_MS },
    )
}

test.each([
  ['2026-11-16T12:31', '2026-11-16T12:32', '12:30', '12:45', 110, true],
  ['2026-11-16T12:30', '2026-11-16T12:45', '12:30', '12:45', 110, false],
  ['2026-11-16T12:15', '2026-11-16T12:46', '12:15', '13:00', 1111, true],
  ['2026-11-16T12:44', '2026-11-16T12:45', '12:30', '12:45', 110, true],
])('%s to %s covers %s to %s', async (since, until, from, to, costUsd, isMoved) => {
  const report = await storeOfADay()
  const range = ['--since', since, '--until', until]
  expect(JSON.parse((await report(...range, '--json')).stdout)).toMatchObject({
    from: `2026-11-16T${from}:00.000Z`,
    to: `2026-11-16T${to}:00.000Z`,
    totals: { costUsd },
  })
  const lines = (await report(...range)).stdout.split('\n')
  expect(lines[0]).toBe(`What agents cost from 2026-11-16 ${from} to 2026-11-16 ${to}`)
  expect(lines.includes(NOTE)).toBe(isMoved)
  expect((await report(...range, '--format', 'markdown')).stdout.includes(NOTE)).toBe(isMoved)
})

test('whole days are told as days', async () => {
  const report = await storeOfADay()
  const { stdout } = await report('--since', '2026-11-16', '--until', '2026-11-18')
  expect(stdout).toMatch(/^What agents cost from 2026-11-16 to 2026-11-17\n/)
  expect(stdout).not.toContain(NOTE)
})

test.each([
  ['2026-11-16T12:31', '2026-11-16T12:31'],
  ['2026-11-16T12:40', '2026-11-16T12:31'],
  ['2026-11-17', '2026-11-16'],
])('%s to %s is a wrong command line', async (since, until) => {
  const report = await storeOfADay()
  expect(await report('--since', since, '--until', until)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('ends before it begins'),
  })
})

test.each([
  [
    'skill',
    [
      [null, 2],
      ['(no model calls)', 1],
    ],
  ],
  [
    'model',
    [
      ['model-x', 1],
      ['model-y', 1],
      ['(no model calls)', 1],
    ],
  ],
  ['agent', [['claude-code', 3]]],
])('by %s, sessions without calls have a row of their own', async (group, expected) => {
  const { store, use } = await openUsageStore()
  const atMs = MONDAY_MS + 60 * MINUTE_MS
  await use('s1', { atMs, models: [{ model: 'model-x', calls: 1, costUsd: 1 }] })
  await use('s2', { atMs, models: [{ model: 'model-y', calls: 0, errors: 2 }] })
  await use('s3', { atMs, activity: [{ measure: 'prompts', facet: '', value: 1 }] })
  const { stdout } = await runCommandLine(
    [
      'report',
      '--tz',
      'UTC',
      '--since',
      '2026-11-16',
      '--until',
      '2026-11-17',
      '--group',
      group,
      '--json',
    ],
    { DATA_DIR: store.dataDir },
    { nowMs: NOW_MS },
  )
  const { rows, totals } = JSON.parse(stdout) as {
    readonly rows: readonly { readonly name: string; readonly sessions: number }[]
    readonly totals: { readonly sessions: number }
  }
  expect(totals.sessions).toBe(3)
  const shown = rows.map((row) => [row.name, row.sessions])
  expect(shown).toEqual(expected)
})
