/** Where in a JSON text a value stands, so that what is wrong with it can be said with its line. */

/** The line, counted from 1, on which the value at a path begins; of the last part of the path that is there. */
export function lineOfPath(text: string, path: readonly PropertyKey[]): number {
  const scanner = { text, at: 0 }
  let found = skipSpace(scanner)
  for (const part of path) {
    const next = enter(scanner, String(part))
    if (next === undefined) break
    found = next
  }
  return lineAt(text, found)
}

/** The line on which an offset lies. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

interface Scanner {
  readonly text: string
  at: number
}

/** Goes to the value of a member of the object or list at hand; undefined when it has none. */
function enter(scanner: Scanner, name: string): number | undefined {
  const { text } = scanner
  const close = text[scanner.at] === '{' ? '}' : text[scanner.at] === '[' ? ']' : undefined
  if (close === undefined) return undefined
  scanner.at += 1
  for (let index = 0; scanner.at < text.length; index += 1) {
    skipSpace(scanner)
    if (text[scanner.at] === close) return undefined
    let key = String(index)
    if (close === '}') {
      key = JSON.parse(readString(scanner)) as string
      skipSpace(scanner)
      // The colon.
      scanner.at += 1
      skipSpace(scanner)
    }
    if (key === name) return scanner.at
    skipValue(scanner)
    skipSpace(scanner)
    if (text[scanner.at] === ',') scanner.at += 1
  }
  return undefined
}

function skipValue(scanner: Scanner): void {
  const { text } = scanner
  let depth = 0
  do {
    const char = text[scanner.at]
    if (char === '"') readString(scanner)
    else {
      if (char === '{' || char === '[') depth += 1
      if (char === '}' || char === ']') depth -= 1
      scanner.at += 1
    }
    const next = text[scanner.at]
    if (depth === 0 && (next === ',' || next === '}' || next === ']')) return
  } while (scanner.at < text.length)
}

/** With its quotes. */
function readString(scanner: Scanner): string {
  const { text } = scanner
  const from = scanner.at
  scanner.at += 1
  while (scanner.at < text.length && text[scanner.at] !== '"') {
    scanner.at += text[scanner.at] === '\\' ? 2 : 1
  }
  scanner.at += 1
  return text.slice(from, scanner.at)
}

function skipSpace(scanner: Scanner): number {
  while (/\s/.test(scanner.text[scanner.at] ?? '')) scanner.at += 1
  return scanner.at
}
