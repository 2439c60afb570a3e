/**
 * Rows in the formats of programs: JSON, CSV (RFC 4180), Markdown. A cell that a spreadsheet would
 * take for a formula is kept from being one; titles and prompts come from outside. Pure.
 */
import { stringify } from 'csv-stringify/sync'
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
  if (format === 'json') return JSON.stringify(records, null, 2)
  const cells = records.map((record) => names.map((name) => record[name] ?? null))
  if (format === 'markdown') return markdownTable(names, cells)
  return stringify([names, ...cells], {
    escape_formulas: true,
    cast: { boolean: String },
  }).trimEnd()
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
  return plainLine(String(value)).replace(/[\\|<>`*_[\]]/g, '\\$&')
}
