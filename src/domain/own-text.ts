/**
 * The text as a copy that shares no memory with another. V8 keeps all of a text in memory as long as a
 * slice of it is used, and a slice joined to something is one inside: a name that was cut from a value of
 * 4 MB would take 4 MB.
 */
export function ownText(text: string): string {
  // Both are exact, also for halves of surrogate pairs.
  const encoding = TWO_BYTES.test(text) ? 'utf16le' : 'latin1'
  return Buffer.from(text, encoding).toString(encoding)
}

const TWO_BYTES = /[\u0100-\uffff]/
