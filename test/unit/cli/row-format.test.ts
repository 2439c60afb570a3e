/** Rows for programs: nothing that comes from outside breaks out of its cell. */
import { expect, test } from 'vitest'
import { type Fields, rowsText } from '../../../src/cli/row-format.ts'

interface Row {
  readonly title: string | null
  readonly costUsd: number
}

const fields: Fields<Row> = { title: ({ title }) => title, cost_usd: ({ costUsd }) => costUsd }
const csv = (title: string | null) => rowsText('csv', fields, [{ title, costUsd: 0.5 }]).slice(15)
const markdown = (title: string | null) =>
  rowsText('markdown', fields, [{ title, costUsd: 0.5 }]).split('\n')[2]

test.each([
  ['plain', 'plain,0.5', '| plain | 0.5 |'],
  [null, ',0.5', '|  | 0.5 |'],
  ['a, "b"', '"a, ""b""",0.5', '| a, "b" | 0.5 |'],
  ['two\nlines', '"two\nlines",0.5', '| two lines | 0.5 |'],
  ['=1+1', "'=1+1,0.5", '| =1+1 | 0.5 |'],
  ['@SUM(A1)', "'@SUM(A1),0.5", '| @SUM(A1) | 0.5 |'],
  ['a | b', 'a | b,0.5', '| a \\| b | 0.5 |'],
  ['<b>*x*', '<b>*x*,0.5', '| \\<b\\>\\*x\\* | 0.5 |'],
])('%j', (title, inCsv, inMarkdown) => {
  expect([csv(title), markdown(title)]).toEqual([inCsv, inMarkdown])
})

test('titles, and numbers to the right', () => {
  const rows = [{ title: 'a', costUsd: 1 }]
  expect(rowsText('csv', fields, rows)).toBe('title,cost_usd\na,1')
  expect(rowsText('markdown', fields, rows)).toBe(
    '| title | cost\\_usd |\n| --- | ---: |\n| a | 1 |',
  )
  expect(JSON.parse(rowsText('json', fields, rows))).toEqual([{ title: 'a', cost_usd: 1 }])
})

test('no rows are titles alone', () => {
  expect(rowsText('csv', fields, [])).toBe('title,cost_usd')
  expect(rowsText('json', fields, [])).toBe('[]')
  expect(rowsText('markdown', fields, [])).toBe('| title | cost\\_usd |\n| --- | --- |')
})
