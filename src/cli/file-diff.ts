/** What would change in files, as a unified diff. The key that clients send is hidden. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { FileChange } from '../setup/file-change.ts'
import { styled, type Style, type TextLine } from './terminal.ts'

const CONTEXT_LINES = 3

export function changeLines(changes: readonly FileChange[]): readonly TextLine[] {
  const diffs = changes.map(diffOf).filter((lines) => lines.length > 0)
  if (diffs.length === 0) return ['Nothing would change.']
  return diffs.flat()
}

function diffOf({ path, current, wanted }: FileChange): readonly TextLine[] {
  const [before, after] = [current?.toString() ?? '', wanted?.toString() ?? '']
  if (before === after) return []
  const from = current === undefined ? '/dev/null' : path
  const to = wanted === undefined ? '/dev/null' : path
  const patch = createTwoFilesPatch(from, to, before, after, undefined, undefined, {
    context: CONTEXT_LINES,
    headerOptions: FILE_HEADERS_ONLY,
  })
  return patch
    .trimEnd()
    .split('\n')
    .map((line) => [styled(styleOf(line), withoutKey(line))])
}

function withoutKey(line: string): string {
  return line.replace(/(Bearer )[^\s"',}]+/g, '$1(hidden)')
}

function styleOf(line: string): Style {
  if (/^(\+\+\+|---)/.test(line)) return 'bold'
  if (line.startsWith('+')) return 'green'
  if (line.startsWith('-')) return 'red'
  return 'gray'
}
