/** SECURITY.md names a test for what it claims: each has to be there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const text = readFileSync(join(root, 'SECURITY.md'), 'utf8')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

test('the tests that it names are there', () => {
  const named = [...text.matchAll(/`((?:unit|integration|page)\/[^`]+)`/g)].map(([, path]) => path)
  expect(named.length).toBeGreaterThan(40)
  expect(named.filter((path) => !existsSync(join(root, 'test', path ?? '')))).toEqual([])
  const commands = [...text.matchAll(/`npm run ([\w:]+)`/g)].map(([, name = '']) => name)
  expect(commands.filter((name) => scripts[name] === undefined)).toEqual([])
})

test('a line that something stops has a test', () => {
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').slice(1, -1))
    .filter((cells) => cells.length === 4 && !/^ (It|They) /.test(cells[0] ?? ''))
    .map(([what = '', stops = '', , shows = '']) => [what, stops, shows].map((cell) => cell.trim()))
  expect(rows.length).toBeGreaterThan(20)
  expect(rows.filter(([, stops, shows]) => stops !== '' && shows === '')).toEqual([])
})
