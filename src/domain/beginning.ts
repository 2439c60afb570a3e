/** How texts from outside are cut that are shown before secrets were masked in them. Pure. */

/**
 * As much of a text as fits, with `…` where that is not all. The word at the cut goes as a whole: half
 * a secret is one that no rule of masking knows.
 */
export function beginningOf(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  let end = maxChars
  while (end > 0 && !isSpace(text.charCodeAt(end))) end -= 1
  return `${text.slice(0, end)}…`
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}
