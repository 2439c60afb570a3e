/**
 * The commands that a line of POSIX shell or Bash runs, as lists of words. It knows quotes, escapes,
 * heredocs, comments, redirections, and the commands within `( )`, `$( )` and backquotes, and takes
 * nothing that is only text for a command. Variables stay as they are written. Never throws; what is not
 * well-formed gives what could be read of it.
 */

/** The words of one command, without redirections. */
export type Command = readonly string[]

/** Longer scripts than this are read up to here. */
const MAX_LENGTH = 100_000
/** Substitutions within each other. */
const MAX_DEPTH = 20

/** In the order in which they begin to run; those within a word come before its command. */
export function shellCommands(script: string): readonly Command[] {
  const reader: Reader = {
    text: script.slice(0, MAX_LENGTH),
    at: 0,
    depth: 0,
    heredocs: [],
    commands: [],
  }
  readList(reader, undefined)
  return reader.commands
}

/** What closes a substitution; nothing closes the script itself. */
type End = ')' | '`' | undefined

interface Heredoc {
  readonly delimiter: string
  /** Tabs before its lines do not count. */
  readonly isIndented: boolean
}

interface Reader {
  readonly text: string
  at: number
  depth: number
  /** Begun on this line; their texts follow it. */
  heredocs: Heredoc[]
  readonly commands: Command[]
}

/** Up to the end of the script, or of the substitution that `end` closes. */
function readList(reader: Reader, end: End): void {
  let words: string[] = []
  const finish = (): void => {
    if (words.some((each) => each !== '')) reader.commands.push(words)
    words = []
  }
  while (reader.at < reader.text.length) {
    const char = reader.text.charAt(reader.at)
    if (char === end) break
    if (';&|(\n'.includes(char) && !isRedirection(reader)) {
      finish()
      reader.at += 1
      if (char === '(') readNested(reader, ')')
      if (char === '\n') skipHeredocs(reader)
    } else if (char === ')') {
      // Ends a pattern of `case`, which is no command.
      words = []
      reader.at += 1
    } else if (!skipBetween(reader, end)) words.push(readWord(reader, end))
  }
  finish()
}

/** Passes over what stands between words. Whether there was anything. */
function skipBetween(reader: Reader, end: End): boolean {
  const { text, at } = reader
  const char = text.charAt(at)
  if (char === ' ' || char === '\t' || char === '\r') reader.at += 1
  else if (char === '\\' && text[at + 1] === '\n') reader.at += 2
  else if (char === '#') reader.at = endOf(text, '\n', at)
  else if (isRedirection(reader)) skipRedirection(reader, end)
  else return false
  return true
}

function readNested(reader: Reader, end: ')' | '`'): void {
  if (reader.depth >= MAX_DEPTH) reader.at = reader.text.length
  reader.depth += 1
  readList(reader, end)
  reader.depth -= 1
  reader.at += 1
}

/** Where a text stands next; the end where it stands nowhere. */
function endOf(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from)
  return found < 0 ? text.length : found
}

const REDIRECTION = /^\d*(?:<<<|<<-?|<>|<&|<\(|>>|>&|>\||>\(|[<>])|^&>>?/

function isRedirection({ text, at }: Reader): boolean {
  return REDIRECTION.test(text.slice(at, at + 12))
}

function skipRedirection(reader: Reader, end: End): void {
  const [operator = ''] = REDIRECTION.exec(reader.text.slice(reader.at, reader.at + 12)) ?? []
  reader.at += operator.length
  const kind = operator.replace(/^\d+/, '')
  if (kind === '<(' || kind === '>(') {
    readNested(reader, ')')
    return
  }
  while (' \t'.includes(reader.text[reader.at] ?? '-')) reader.at += 1
  const delimiter = readWord(reader, end)
  if (kind === '<<' || kind === '<<-') {
    reader.heredocs.push({ delimiter, isIndented: kind === '<<-' })
  }
}

function skipHeredocs(reader: Reader): void {
  for (const heredoc of reader.heredocs) skipHeredoc(reader, heredoc)
  reader.heredocs = []
}

function skipHeredoc(reader: Reader, { delimiter, isIndented }: Heredoc): void {
  const { text } = reader
  while (reader.at < text.length) {
    const end = endOf(text, '\n', reader.at)
    const line = text.slice(reader.at, end)
    reader.at = Math.min(end + 1, text.length)
    if ((isIndented ? line.replace(/^\t+/, '') : line) === delimiter) return
  }
}

/** One word with its quotes taken off; empty at a character that begins none. */
function readWord(reader: Reader, end: End): string {
  let value = ''
  while (reader.at < reader.text.length) {
    const char = reader.text.charAt(reader.at)
    if (char === end || ' \t\r\n;&|()<>'.includes(char)) break
    value += readPiece(reader, char)
  }
  return value
}

function readPiece(reader: Reader, char: string): string {
  const { text, at } = reader
  switch (char) {
    case '\\':
      reader.at += 2
      return text[at + 1] === '\n' ? '' : (text[at + 1] ?? '')
    case "'": {
      const end = endOf(text, "'", at + 1)
      reader.at = Math.min(end + 1, text.length)
      return text.slice(at + 1, end)
    }
    case '"':
      return readDoubleQuoted(reader)
    case '$':
      return text[at + 1] === "'" ? readAnsiQuoted(reader) : readExpansion(reader)
    case '`':
      return readExpansion(reader)
    default:
      reader.at += 1
      return char
  }
}

/** `$'it\'s'`. */
function readAnsiQuoted(reader: Reader): string {
  const { text } = reader
  let value = ''
  reader.at += 2
  while (reader.at < text.length && text[reader.at] !== "'") {
    if (text[reader.at] === '\\') reader.at += 1
    value += text[reader.at] ?? ''
    reader.at += 1
  }
  reader.at += 1
  return value
}

function readDoubleQuoted(reader: Reader): string {
  const { text } = reader
  let value = ''
  reader.at += 1
  while (reader.at < text.length && text[reader.at] !== '"') {
    const char = text.charAt(reader.at)
    // A single quote is a character like any other here, also behind a dollar sign.
    if (char === "'") reader.at += 1
    value += char === "'" ? char : char === '$' ? readExpansion(reader) : readPiece(reader, char)
  }
  reader.at += 1
  return value
}

/** `$( )` and backquotes run, and leave nothing of the word; variables stay as they are written. */
function readExpansion(reader: Reader): string {
  const { text, at } = reader
  if (text[at] === '`') {
    reader.at += 1
    readNested(reader, '`')
    return ''
  }
  const closing = text.startsWith('$((', at) ? '))' : text.startsWith('${', at) ? '}' : undefined
  if (closing !== undefined) {
    reader.at = Math.min(endOf(text, closing, at) + closing.length, text.length)
    return text.slice(at, reader.at)
  }
  if (!text.startsWith('$(', at)) {
    reader.at += 1
    return '$'
  }
  reader.at += 2
  const outer = reader.heredocs
  reader.heredocs = []
  readNested(reader, ')')
  reader.heredocs = outer
  return ''
}
