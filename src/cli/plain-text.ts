/**
 * Text from outside, made safe for a line of a terminal: titles and prompts may hold line ends,
 * escape sequences or characters that turn the line around.
 */
import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'

/** Control characters, line separators, and what changes the direction of writing. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu
const ELLIPSIS = '…'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** One line, without anything that a terminal would act upon. */
export function plainLine(text: string): string {
  return stripVTControlCharacters(text).replace(UNSAFE, ' ').trim()
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
