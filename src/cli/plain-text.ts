/** Text from outside for a place of one line: cleaned, measured and cut in columns. Pure. */
import stringWidth from 'string-width'
import { safeLine } from '../domain/safe-text.ts'

const ELLIPSIS = '…'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** One line, without anything that a terminal would act upon, and without space around it. */
export function plainLine(text: string): string {
  return safeLine(text).trim()
}
/** Columns that a text takes on a terminal; emoji and East Asian characters take two. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

/** Cut to a number of columns, with an ellipsis where something is missing. */
export function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  if (columns <= 0) return ''
  let kept = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment)
    if (width > columns - 1) break
    kept += segment
  }
  return `${kept}${ELLIPSIS}`
}
