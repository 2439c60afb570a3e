/** What would change in files, as a unified diff. The key that clients send is hidden. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { FileChange } from '../setup/file-change.ts'
import { type Colour, paint, type Terminal } from './terminal.ts'

const CONTEXT_LINES = 3

export function changesText(changes: readonly FileChange[], terminal: Terminal): string {
  const texts = changes.map((change) => diffOf(change, terminal)).filter((text) => text !== '')
  return texts.length === 0 ? 'Nothing would change.' : texts.join('\n')
}

function diffOf({ path, current, wanted }: FileChange, terminal: Terminal): string {
  const [before, after] = [current?.toString() ?? '', wanted?.toString() ?? '']
  if (before === after) return ''
  const from = current === undefined ? '/dev/null' : path
  const to = wanted === undefined ? '/dev/null' : path
  const patch = createTwoFilesPatch(from, to, before, after, undefined, undefined, {
    context: CONTEXT_LINES,
    headerOptions: FILE_HEADERS_ONLY,
  })
  return patch
    .trimEnd()
    .split('\n')
    .map((line) => paint(terminal, colourOf(line), withoutKey(line)))
    .join('\n')
}

function withoutKey(line: string): string {
  return line.replace(/(Bearer )[^\s"',}]+/g, '$1(hidden)')
}

function colourOf(line: string): Colour {
  if (/^(\+\+\+|---)/.test(line)) return 'bold'
  if (line.startsWith('+')) return 'green'
  if (line.startsWith('-')) return 'red'
  return 'gray'
}
