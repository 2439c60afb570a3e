/** A paragraph in lines that fit a terminal; in a pipe, one line. Pure. */
import { widthOf } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

/**
 * Lines after the first begin with so many spaces, and the first one stands behind as many columns
 * of something else. A word wider than the terminal stays whole.
 */
export function wrapped(text: string, terminal: Terminal, indent: number): string {
  if (!terminal.isInteractive) return text
  const room = terminal.columns - indent
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > room) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}
