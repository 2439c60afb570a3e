/** The file of budgets: what it defines, and where it says what is wrong. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseBudgets, readFixedBudgets } from '../../../src/config/budgets-file.ts'
import { temporaryFolder } from '../storage/open-store.ts'

function problem(text: string): string {
  const parsed = parseBudgets(text)
  return parsed.ok ? 'none' : parsed.error
}

const one = (change: object) =>
  JSON.stringify({ budgets: [{ name: 'a', window: 'day', limitUsd: 1, ...change }] }, null, 2)

test('defines budgets for whom, over which window, and how much', () => {
  const text = `{
    "budgets": [
      { "name": "each", "for": "user", "window": "day", "limitUsd": 20 },
      { "name": "foo", "for": "project:foo", "window": "month", "limitUsd": 200.5 },
      { "name": "burst", "window": "5h", "limitUsd": 3 }
    ]
  }`
  expect(parseBudgets(`\uFEFF${text}`)).toEqual({
    ok: true,
    value: [
      { name: 'each', of: 'user', window: 'day', limitUsd: 20 },
      { name: 'foo', of: 'project', subject: 'foo', window: 'month', limitUsd: 200.5 },
      { name: 'burst', of: 'all', window: '5h', limitUsd: 3 },
    ],
  })
})

test('stands behind the budgets of the settings', () => {
  const file = join(temporaryFolder(), 'budgets.json')
  writeFileSync(file, one({}))
  const read = readFixedBudgets({ limits: { user: 5 }, file })
  expect(read.ok && read.value.map(({ name, source }) => [name, source])).toEqual([
    ['user', 'settings'],
    ['a', 'file'],
  ])
  expect(readFixedBudgets({ limits: {}, file: '/nowhere/b.json' })).toMatchObject({
    ok: false,
    error: expect.stringContaining('BUDGETS_FILE /nowhere/b.json cannot be read'),
  })
})

describe('what is wrong is said with its line and field', () => {
  test.each([
    ['no JSON', '{\n  "budgets": [\n    { "name" }\n  ]\n}', /^line 3: it is not JSON$/],
    ['cut off', '{\n  "budgets": [', /^line 2: it is not JSON$/],
    ['empty', '', /^line 1: it is not JSON$/],
    ['no list', '{\n"budgets": {}\n}', /^line 2: budgets: .*expected array/],
    ['no object', '[]', /^line 1: .*expected object/],
    ['a name', one({ name: '-x' }), /^line 4: budgets\[0\]\.name: expected 1 to 64 letters/],
    ['no name', one({ name: undefined }), /^line 3: budgets\[0\]\.name: /],
    ['a window', one({ window: 'year' }), /^line 5: budgets\[0\]\.window: expected session, day/],
    ['a long window', one({ window: '32d' }), /^line 5: budgets\[0\]\.window: /],
    ['a limit', one({ limitUsd: 0 }), /^line 6: budgets\[0\]\.limitUsd: expected a number above 0/],
    [
      'a limit below what sums are exact to',
      one({ limitUsd: 4e-10 }),
      /^line 6: budgets\[0\]\.limitUsd: expected a number above 0, from 0\.000000001 to/,
    ],
    ['a limit as text', one({ limitUsd: '5' }), /^line 6: .*limitUsd: expected a number of US/],
    ['whom', one({ for: 'group:x' }), /^line 7: budgets\[0\]\.for: expected all, user, team/],
    ['everyone by name', one({ for: 'all:x' }), /^line 7: budgets\[0\]\.for: /],
    ['a member', one({ limit: 5 }), /^line 7: budgets\[0\]\.limit: /],
    ['a model', one({ for: 'model', window: 'session' }), /^line 3: budgets\[0\]: .*model/],
  ])('%s', (_, text, expected) => expect(problem(text)).toMatch(expected))

  test('a name that is taken', () => {
    const text =
      '{"budgets": [\n{"name":"a","window":"day","limitUsd":1},\n{"name":"a","window":"day","limitUsd":2}]}'
    expect(problem(text)).toBe('line 3: budgets[1].name: there is another budget a')
  })

  test('behind texts that hold what looks like JSON', () => {
    const text = '{"budgets": [{"name":"a","for":"user:a}],{\\"","window":"day",\n"limitUsd":-1}]}'
    expect(problem(text)).toMatch(/^line 2: budgets\[0\]\.limitUsd/)
  })
})
