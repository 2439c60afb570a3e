/**
 * What a line of POSIX shell or Bash runs, as lists of words within the shells that run them. It knows
 * quotes, escapes, heredocs, comments, redirections, compound commands, and the shells of their own that
 * `( )`, `$( )`, backquotes, pipes and `&` begin, and takes nothing that is only text for a command.
 * Variables stay as they are written. Never throws; what is not well-formed gives what could be read of it.
 */

/** The words of one command, without redirections. */
export type Command = readonly string[]

/** What a shell does next: a command, or the steps of a shell of its own, which changes nothing outside. */
export type Step = Command | Subshell

export interface Subshell {
  readonly steps: readonly Step[]
}

export function isSubshell(step: Step): step is Subshell {
  return 'steps' in step
}

/** Stands in a word for what `$( )` or backquotes print. */
export const UNKNOWN = '$()'

/** Longer scripts than this are read up to here. */
const MAX_LENGTH = 100_000
/** Substitutions within each other. */
const MAX_DEPTH = 20

/** What each command reads, or the heredoc that is to follow. */
const inputs = new WeakMap<Command, string | Heredoc>()

/** What a heredoc or `<<<` gives a command to read; undefined where its input is something else. */
export function inputOf(command: Command): string | undefined {
  const input = inputs.get(command)
  return typeof input === 'string' ? input : undefined
}

/** In the order in which they begin to run; those within a word come before its command. */
export function shellCommands(script: string): readonly Step[] {
  const reader: Reader = {
    text: script.slice(0, MAX_LENGTH),
    at: 0,
    depth: 0,
    heredocs: [],
    steps: [],
  }
  readList(reader, undefined)
  return reader.steps
}

/** What closes a substitution; nothing closes the script itself. */
type End = ')' | '`' | undefined

interface Heredoc {
  readonly delimiter: string
  /** Tabs before its lines do not count. */
  readonly isIndented: boolean
  /** Nothing within it is replaced. */
  readonly isQuoted: boolean
  /** The command that reads it. */
  readonly command: Command
}

interface Reader {
  readonly text: string
  at: number
  depth: number
  /** Begun on this line; their texts follow it. */
  heredocs: Heredoc[]
  /** Of the shell that is read. */
  steps: Step[]
}

/** Where parts of a list begin, as places among the steps of its shell. */
interface Parts {
  /** What `&` runs beside the rest. */
  list: number
  /** The command, or the compound one, that a pipe may follow. */
  member: number
  isPiped: boolean
}

/** A compound command, and the parts of the list around it. */
interface Compound extends Parts {
  readonly closer: string
  /** Of a function, which may never be called: it changes nothing outside. */
  readonly isFunction: boolean
}

const CLOSERS: ReadonlyMap<string, string> = new Map([
  ['{', '}'],
  ['if', 'fi'],
  ['while', 'done'],
  ['until', 'done'],
  ['for', 'done'],
  ['select', 'done'],
  ['case', 'esac'],
])
/** Words behind which a command begins. */
const BEFORE_COMMANDS = /^(?:\{|if|then|elif|else|while|until|do|!)$/

/** What is being read between two ends. */
interface List {
  readonly parts: Parts
  readonly compounds: Compound[]
  /** Of the command that is read. */
  words: string[]
  /** What follows is the body of one. */
  isFunction: boolean
}

/** Up to the end of the script, or of the substitution that `end` closes. */
function readList(reader: Reader, end: End): void {
  const { length } = reader.steps
  const list: List = {
    parts: { list: length, member: length, isPiped: false },
    compounds: [],
    words: [],
    isFunction: false,
  }
  while (reader.at < reader.text.length) {
    const char = reader.text.charAt(reader.at)
    const isPattern = char === ')' && list.compounds.at(-1)?.closer === 'esac'
    if (char === end && !isPattern) break
    if (char === '(' && (skipArithmetic(reader) || beginFunction(reader, list))) continue
    if (';&|(\n'.includes(char) && !isRedirection(reader)) readOperator(reader, list)
    else if (char === ')') {
      // Ends a pattern of `case`, which is no command.
      list.words = []
      reader.at += 1
    } else if (!skipBetween(reader, list, end)) readPart(reader, list, end)
  }
  finish(reader, list)
  const [outermost] = list.compounds
  if (outermost !== undefined) Object.assign(list.parts, outermost)
  endPart(reader, list.parts, ';')
}

/** The command that was read, if it was one. */
function finish({ steps }: Reader, list: List): void {
  if (list.words.some((each) => each !== '' && each !== UNKNOWN)) steps.push(list.words)
  list.words = []
}

function readOperator(reader: Reader, list: List): void {
  finish(reader, list)
  const [operator = ''] =
    /^(?:&&|\|\||\|&|[\s\S])/.exec(reader.text.slice(reader.at, reader.at + 2)) ?? []
  reader.at += operator.length
  if (operator === '(') readNested(reader, ')')
  else endPart(reader, list.parts, operator)
  if (operator === '\n') readHeredocs(reader)
}

function readPart(reader: Reader, list: List, end: End): void {
  const from = reader.at
  const word = readWord(reader, end)
  const isPlain = list.words.length === 0 && reader.text.slice(from, reader.at) === word
  if (!isPlain || !readReserved(reader, list, word)) list.words.push(word)
  list.isFunction = false
}

/** Begins or ends a compound command. Whether the word is no part of a command. */
function readReserved({ steps }: Reader, list: List, word: string): boolean {
  const { parts, compounds, isFunction } = list
  const closer = CLOSERS.get(word)
  if (closer !== undefined) {
    compounds.push({ ...parts, closer, isFunction })
    Object.assign(parts, { list: steps.length, member: steps.length, isPiped: false })
  }
  if (word !== '' && compounds.at(-1)?.closer === word) {
    endPart({ steps }, parts, ';')
    const ended = compounds.pop()
    Object.assign(parts, ended)
    if (ended?.isFunction === true) wrap(steps, parts.member)
    return true
  }
  return BEFORE_COMMANDS.test(word)
}

/** Behind the name of a function. */
function beginFunction(reader: Reader, list: List): boolean {
  const [whole] = /^\(\s*\)\s*/.exec(reader.text.slice(reader.at, reader.at + 50)) ?? []
  if (whole === undefined || list.words.length !== 1) return false
  reader.at += whole.length
  list.words = []
  list.isFunction = true
  return true
}

/** At an operator: members of a pipe, and what runs beside the rest, do so in shells of their own. */
function endPart({ steps }: Pick<Reader, 'steps'>, parts: Parts, operator: string): void {
  const isPipe = operator === '|' || operator === '|&'
  if (isPipe || parts.isPiped) wrap(steps, parts.member)
  if (operator === '&') wrap(steps, parts.list)
  parts.isPiped = isPipe
  parts.member = steps.length
  if (!isPipe && operator !== '&&' && operator !== '||') parts.list = steps.length
}

function wrap(steps: Step[], from: number): void {
  const own = steps.splice(from)
  if (own.length > 0) steps.push({ steps: own })
}

/** `(( 1 << 2 ))`. Subshells within each other hold commands, which have words side by side. */
function skipArithmetic(reader: Reader): boolean {
  const [whole, inner = ''] =
    /^\(\(([^\n]*?)\)\)/.exec(reader.text.slice(reader.at, reader.at + 500)) ?? []
  if (whole === undefined || /[A-Za-z_]\s+[\w'"$./-]/.test(inner)) return false
  reader.at += whole.length
  return true
}

/** Passes over what stands between words. Whether there was anything. */
function skipBetween(reader: Reader, list: List, end: End): boolean {
  const { text, at } = reader
  const char = text.charAt(at)
  if (char === ' ' || char === '\t' || char === '\r') reader.at += 1
  else if (char === '\\' && text[at + 1] === '\n') reader.at += 2
  else if (char === '#') reader.at = endOf(text, '\n', at)
  else if (isRedirection(reader)) readRedirection(reader, list, end)
  else return false
  return true
}

/** Returns the steps of the shell. */
function readNested(reader: Reader, end: ')' | '`'): readonly Step[] {
  if (reader.depth >= MAX_DEPTH) reader.at = reader.text.length
  const { steps } = reader
  const own: Step[] = []
  reader.steps = own
  reader.depth += 1
  readList(reader, end)
  reader.depth -= 1
  reader.steps = steps
  reader.at += 1
  if (own.length > 0) steps.push({ steps: own })
  return own
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

function readRedirection(reader: Reader, { words: command }: List, end: End): void {
  const [operator = ''] = REDIRECTION.exec(reader.text.slice(reader.at, reader.at + 12)) ?? []
  reader.at += operator.length
  const kind = operator.replace(/^\d+/, '')
  if (kind === '<(' || kind === '>(') {
    readNested(reader, ')')
    return
  }
  while (' \t'.includes(reader.text[reader.at] ?? '-')) reader.at += 1
  const from = reader.at
  const word = readWord(reader, end)
  // Another one than the input of the command.
  const isOther = /^[1-9]/.test(operator)
  if (kind === '<<' || kind === '<<-') {
    const isQuoted = reader.text.slice(from, reader.at) !== word
    const heredoc = { delimiter: word, isIndented: kind === '<<-', isQuoted, command }
    reader.heredocs.push(heredoc)
    if (!isOther) inputs.set(command, heredoc)
  } else if (kind.startsWith('<') && !isOther) {
    if (kind === '<<<') inputs.set(command, word)
    else inputs.delete(command)
  }
}

function readHeredocs(reader: Reader): void {
  for (const heredoc of reader.heredocs) {
    const { command } = heredoc
    const text = readHeredoc(reader, heredoc)
    // The last redirection counts.
    if (inputs.get(command) === heredoc) inputs.set(command, text)
  }
  reader.heredocs = []
}

/** Where something within it is replaced, that stays as it is written. */
function readHeredoc(reader: Reader, { delimiter, isIndented, isQuoted }: Heredoc): string {
  const { text } = reader
  const lines: string[] = []
  while (reader.at < text.length) {
    const end = endOf(text, '\n', reader.at)
    const whole = text.slice(reader.at, end)
    const line = isIndented ? whole.replace(/^\t+/, '') : whole
    reader.at = Math.min(end + 1, text.length)
    if (line === delimiter) break
    lines.push(line)
  }
  const told = lines.join('\n')
  return isQuoted
    ? told
    : told.replace(/\\(\n|[$`\\])/g, (_, char: string) => (char === '\n' ? '' : char))
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

/**
 * `$( )` and backquotes run, and leave in the word that something unknown stands there, or the variable
 * with what `pwd` prints; variables stay as they are written.
 */
function readExpansion(reader: Reader): string {
  const { text, at } = reader
  if (text[at] === '`') {
    reader.at += 1
    return printedBy(readNested(reader, '`'))
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
  const steps = readNested(reader, ')')
  reader.heredocs = outer
  return printedBy(steps)
}

function printedBy([first, ...others]: readonly Step[]): string {
  const isPwd = first !== undefined && !isSubshell(first) && first[0] === 'pwd'
  return isPwd && others.length === 0 ? '$PWD' : UNKNOWN
}
