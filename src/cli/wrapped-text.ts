/** A paragraph in lines that fit a terminal; in a pipe, one line. Pure. */
import { plainLine, widthOf } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

/**
 * The first line stands behind `indent` columns of something else, and each after it begins with as
 * many spaces. A word wider than the terminal stays whole.
 */
export function wrapped(text: string, terminal: Terminal, indent: number): readonly string[] {
  const plain = plainLine(text)
  if (!terminal.isInteractive) return [plain]
  const room = terminal.columns - indent
  const lines: string[] = []
  let line = ''
  for (const word of plain.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > room) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((each, index) =>
    index === 0 ? each : `${' '.repeat(indent)}${each}`,
  )
}

/**
 * The paragraphs of a help text that are too wide for a terminal, in lines that fit it. Lists and
 * commands, which are indented, stay as they are.
 */
export function fittedNote(text: string, terminal: Terminal): string {
  if (!terminal.isInteractive) return text
  const isTooWide = (line: string): boolean => widthOf(line) > terminal.columns
  return text
    .split(/(\n{2,})/)
    .map((paragraph) => {
      const [, before = '', words = '', after = ''] = /^(\n*)(.*?)(\n*)$/s.exec(paragraph) ?? []
      const lines = words.split('\n')
      if (!lines.some(isTooWide) || lines.some((line) => line.startsWith(' '))) return paragraph
      return `${before}${wrapped(lines.join(' '), terminal, 0).join('\n')}${after}`
    })
    .join('')
}
