/** Puts the rig's table into docs/reliability.md, between its two markers. */
import { readFileSync, writeFileSync } from 'node:fs'

const DOCUMENT = new URL('../../docs/reliability.md', import.meta.url)
const BEGIN = '<!-- faults:begin -->'
const END = '<!-- faults:end -->'

/** `origin` says which runs the table is from. */
export function writeTable(table: string, origin: string): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const from = text.indexOf(BEGIN)
  const to = text.indexOf(END)
  if (from === -1 || to < from) throw new Error(`docs/reliability.md has no ${BEGIN} … ${END}`)
  const before = text.slice(0, from + BEGIN.length)
  writeFileSync(DOCUMENT, `${before}\n${table}\n\nFrom ${origin}.\n${text.slice(to)}`)
}
