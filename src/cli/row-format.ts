/**
 * Rows in the formats of programs: JSON, CSV (RFC 4180), Markdown. Titles and prompts come from
 * outside: in a spreadsheet none of them is a formula, in Markdown none is markup. Pure.
 */
import { stringify } from 'csv-stringify/sync'
import { decimalText } from '../domain/numbers.ts'
import { safeBlock } from '../domain/safe-text.ts'
import { jsonDocument } from './outcome.ts'
import { plainLine } from './plain-text.ts'

export const FORMATS = ['table', 'json', 'csv', 'markdown'] as const
export type Format = (typeof FORMATS)[number]

type Value = string | number | boolean | null

/** Names of values, and how to get each of a row. */
export type Fields<R> = Readonly<Record<string, (row: R) => Value>>

/** Without a last line end. */
export function rowsText<R>(
  format: Exclude<Format, 'table'>,
  fields: Fields<R>,
  rows: readonly R[],
): string {
  const names = Object.keys(fields)
  const records = rows.map((row) => objectOf(fields, row))
  if (format === 'json') return jsonDocument(records)
  const cells = records.map((record) => names.map((name) => record[name] ?? null))
  if (format === 'markdown') return markdownTable(names, cells)
  return stringify([names, ...cells], {
    cast: { boolean: String, number: decimalText, string: csvText },
    quoted_match: ';',
  }).trimEnd()
}

/**
 * Where a cell begins: at the start of the field and, for a spreadsheet that takes `;` for the
 * separator (Excel in much of Europe), behind each `;` and line end in it, since such a one does not
 * see the quotes of a field that stands behind a comma. Spaces and quotes may come before a formula.
 */
const FORMULA_BEGIN = /(^|[;\n])(?=[[\s"]--[\n]]*[=+\-@＝＋－＠])/gv

/** Without controls but line feeds; an apostrophe before what would be a formula. */
function csvText(text: string): string {
  const plain = safeBlock(text.replace(/\r\n?/g, '\n')).replaceAll('\t', ' ')
  return plain.replace(FORMULA_BEGIN, "$1'")
}

export function objectOf<R>(fields: Fields<R>, row: R): Record<string, Value> {
  return Object.fromEntries(Object.entries(fields).map(([name, read]) => [name, read(row)]))
}

/** Numbers stand to the right. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly Value[])[],
): string {
  const isNumeric = titles.map((_, index) => rows.every((row) => typeof row[index] === 'number'))
  const rule = isNumeric.map((numeric) => (numeric && rows.length > 0 ? '---:' : '---'))
  return [titles, rule, ...rows].map((row) => `| ${row.map(markdownCell).join(' | ')} |`).join('\n')
}

function markdownCell(value: Value): string {
  if (value === null) return ''
  return markdownText(typeof value === 'number' ? decimalText(value) : String(value))
}

/** What hosts of repositories turn into a mention of somebody, who is notified, or into a reference elsewhere. */
const MENTION = /(?<![A-Za-z0-9_])@(?=[A-Za-z0-9_])/g
const REFERENCE = /(?:#|\bGH|(?<!\w)!)(?=-?\d)/gi
/** Shows nothing, and ends what is looked for in the text. */
const NOTHING_SHOWN = '<!-- -->'

/** Text as text (CommonMark, GFM): no markup, no link or image, no call to anybody, no reference. */
export function markdownText(text: string): string {
  return markdownLabel(text)
    .replace(MENTION, `@${NOTHING_SHOWN}`)
    .replace(REFERENCE, `$&${NOTHING_SHOWN}`)
}

/** The same as the label of a link, in which nothing is a mention or a reference. */
export function markdownLabel(text: string): string {
  return plainLine(text)
    .replace(/[\\|<>`*_~[\]&]|\$(?!\d)/g, '\\$&')
    .replace(/:(?=\/\/)|(?<=\bwww)\./gi, '\\$&')
}
