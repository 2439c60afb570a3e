/** Rows for programs: nothing that comes from outside breaks out of its cell. */
import fc from 'fast-check'
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

/** The cells that a spreadsheet sees with this separator: quotes count where they begin a cell. */
function cellsOf(text: string, separator: string): string[] {
  const cells: string[] = []
  let cell = ''
  let isQuoted = false
  let isBegin = true
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at)
    if (isQuoted && sign === '"' && text.charAt(at + 1) === '"') {
      cell += sign
      at += 1
    } else if (sign === '"' && (isQuoted || isBegin)) isQuoted = !isQuoted
    else if (!isQuoted && (sign === separator || sign === '\n')) {
      cells.push(cell)
      cell = ''
      isBegin = true
      continue
    } else cell += sign
    isBegin = false
  }
  return [...cells, cell]
}

test.each([
  ['plain', 'plain,0.5', '| plain | 0.5 |'],
  [null, ',0.5', '|  | 0.5 |'],
  ['a, "b"', '"a, ""b""",0.5', '| a, "b" | 0.5 |'],
  ['two\nlines', '"two\nlines",0.5', '| two lines | 0.5 |'],
  ['=1+1', "'=1+1,0.5", '| =1+1 | 0.5 |'],
  ['@SUM(A1)', "'@SUM(A1),0.5", '| @<!-- -->SUM(A1) | 0.5 |'],
  ['a | b', 'a | b,0.5', '| a \\| b | 0.5 |'],
  ['<b>*x*', '<b>*x*,0.5', '| \\<b\\>\\*x\\* | 0.5 |'],
])('%j', (title, inCsv, inMarkdown) => {
  expect([csv(title), markdown(title)]).toEqual([inCsv, inMarkdown])
})

test.each([
  // A spreadsheet for which ; separates sees a cell begin behind each, and no quotes behind a comma.
  ['x;=cmd|calc', `"x;'=cmd|calc",0.5`],
  ['x; "@SUM(A1)"', `"x;' ""@SUM(A1)""",0.5`],
  ['x\n+1', `"x\n'+1",0.5`],
  ['x\r\n-1', `"x\n'-1",0.5`],
  ['a;b', '"a;b",0.5'],
  ['\t=1', "' =1,0.5"],
  ['\r=1', `"\n'=1",0.5`],
  ['-5', "'-5,0.5"],
  ['＝1', "'＝1,0.5"],
  ['a\u001b[31mb\u0000\u009bc\u202e', 'ab ,0.5'],
])('%j is safe in a spreadsheet', (title, inCsv) => expect(csv(title)).toBe(inCsv))

test('a cell is none but what it was, whichever sign separates', () => {
  const parts = fc.constantFrom(
    ';',
    ',',
    '"',
    "'",
    '\n',
    '\r',
    '\t',
    ' ',
    '=',
    '+',
    '-',
    '@',
    'a',
    '1',
  )
  const twice: Fields<Row> = { ...fields, again: fields.title ?? (() => null) }
  fc.assert(
    fc.property(fc.array(parts), (texts) => {
      const text = rowsText('csv', twice, [{ title: texts.join(''), costUsd: 1 }])
      for (const separator of [',', ';', '\t']) {
        for (const cell of cellsOf(text, separator)) expect(cell).not.toMatch(/^[\s"]*[=+\-@]/)
      }
    }),
    { numRuns: 2000 },
  )
})

test('numbers stay numbers', () => {
  expect(rowsText('csv', fields, [{ title: 'a', costUsd: -0.5 }])).toBe('title,cost_usd\na,-0.5')
})

test.each([
  ['![x](http://evil.example/a.png)', '!\\[x\\](http\\://evil.example/a.png)'],
  ['see https://evil.example', 'see https\\://evil.example'],
  ['www.evil.example', 'www\\.evil.example'],
  ['@everyone and @here', '@<!-- -->everyone and @<!-- -->here'],
  ['cc @org/team, (@ada)', 'cc @<!-- -->org/team, (@<!-- -->ada)'],
  ['ada@example.com', 'ada@example.com'],
  [
    '#12 owner/repo#3 GH-1 gh-2 !7',
    '#<!-- -->12 owner/repo#<!-- -->3 GH<!-- -->-1 gh<!-- -->-2 !<!-- -->7',
  ],
  ['C# and F#, v1!', 'C# and F#, v1!'],
  ['&lt;b&gt; ~~x~~', '\\&lt;b\\&gt; \\~\\~x\\~\\~'],
  ['$a$ for $4.20', '\\$a\\$ for $4.20'],
  ['a\u001b]0;x\u0007b\u202e', 'ab'],
])('%j is text in Markdown', (title, text) => {
  expect(markdown(title)).toBe(`| ${text} | 0.5 |`)
})

test('titles, and numbers to the right', () => {
  const rows = [{ title: 'a', costUsd: 1 }]
  expect(rowsText('csv', fields, rows)).toBe('title,cost_usd\na,1')
  expect(rowsText('markdown', fields, rows)).toBe(
    '| title | cost\\_usd |\n| --- | ---: |\n| a | 1 |',
  )
  expect(JSON.parse(rowsText('json', fields, rows))).toEqual([{ title: 'a', cost_usd: 1 }])
})

test('small and great numbers are written out', () => {
  const rows = [
    { title: 'a', costUsd: 1e-7 },
    { title: 'b', costUsd: 2.5e21 },
  ]
  expect(rowsText('csv', fields, rows)).toBe(
    'title,cost_usd\na,0.0000001\nb,2500000000000000000000',
  )
  expect(rowsText('markdown', fields, rows)).toContain('| a | 0.0000001 |')
  expect(rowsText('json', fields, rows)).toContain('"cost_usd": 0.0000001')
})

test('no rows are titles alone', () => {
  expect(rowsText('csv', fields, [])).toBe('title,cost_usd')
  expect(rowsText('json', fields, [])).toBe('[]')
  expect(rowsText('markdown', fields, [])).toBe('| title | cost\\_usd |\n| --- | --- |')
})
