/** How texts from outside are cut that are shown before secrets were masked in them. Pure. */

/**
 * As much of a text as fits, with `…` where that is not all. Of a text that is cut, the word at the cut
 * goes as a whole, and so does all from a word on that is too long to be one: half a secret is one that no
 * rule of masking knows, and a line of a key is known by its last line only.
 */
export function beginningOf(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  let end = 0
  for (let i = 0; i <= maxChars && i - end <= LONGEST_WORD; i += 1) {
    if (isSpace(text.charCodeAt(i))) end = i
  }
  return `${text.slice(0, end)}…`
}

const LONGEST_WORD = 32

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}
