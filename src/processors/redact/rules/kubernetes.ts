/** What a Kubernetes `Secret` holds: every value of its `data` and `stringData`, in YAML and in JSON. */
import type { MaskRule, Pass, SecretSpan } from '../rule.ts'

const ID = 'kubernetes-secret'
const MARK = `[masked: ${ID}]`

/** A kind, or the end of a YAML document. */
const KIND =
  /(?:(?:\b|\\[nrt])kind\\{0,15}["']?\s{0,4}:\s{0,4}\\{0,15}["']?([A-Za-z]{1,40}))|(?:\n|\\n)---/g
/** How far a kind may be from its data. */
const MAX_DISTANCE = 100_000

interface Kind {
  readonly at: number
  /** Undefined at the end of a document. */
  readonly isSecret: boolean | undefined
}

/** Finds out whether a place in a text belongs to a `Secret`. Reads the text once in a pass. */
function createSecretKinds(): (text: string, at: number, pass: Pass) => boolean {
  let lastPass: Pass | undefined
  let kinds: readonly Kind[] = []
  /** Of the last answer: places are asked for in order. */
  let index = 0
  let lastAt = 0

  return (text, at, pass) => {
    if (pass !== lastPass) {
      lastPass = pass
      kinds = kindsOf(text)
      index = 0
    } else if (at < lastAt) index = 0
    lastAt = at
    while (index < kinds.length && (kinds[index] as Kind).at < at) index += 1
    return [kinds[index - 1], kinds[index]].some(
      (kind) => kind?.isSecret === true && Math.abs(kind.at - at) < MAX_DISTANCE,
    )
  }
}

function kindsOf(text: string): Kind[] {
  if (!text.includes('Secret')) return []
  return Array.from(text.matchAll(KIND), ({ index, 1: name }) => ({
    at: index,
    isSecret: name === undefined ? undefined : name === 'Secret',
  }))
}

const JSON_OPEN = /\\{0,15}"(?:\s|\\+[nrt]){0,40}:(?:\s|\\+[nrt]){0,40}\{/y
const JSON_MEMBER =
  /((?:\s|\\+[nrt]|,){0,60}\\{0,15}"[\w./-]{1,250}\\{0,15}"(?:\s|\\+[nrt]){0,40}:(?:\s|\\+[nrt]){0,40}(\\{0,15}"))/y

/** The values of the object behind a name. */
function jsonValues(text: string, end: number): SecretSpan | undefined {
  JSON_OPEN.lastIndex = end
  if (!JSON_OPEN.test(text)) return undefined
  let at = JSON_OPEN.lastIndex
  let from = -1
  let mark = ''
  for (;;) {
    JSON_MEMBER.lastIndex = at
    const member = JSON_MEMBER.exec(text)
    if (member === null) break
    const begin = JSON_MEMBER.lastIndex
    const quote = member[2] ?? '"'
    const to = closingQuote(text, begin, quote.length - 1)
    if (from === -1) from = begin
    else mark += text.slice(at, begin)
    mark += MARK
    at = to
    if (!text.startsWith(quote, to)) break
    mark += quote
    at = to + quote.length
  }
  return from === -1 ? undefined : { from, to: at, mark }
}

/** Where a string of JSON ends, whose quote has so many backslashes before it. */
function closingQuote(text: string, from: number, depth: number): number {
  let backslashes = 0
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x5c) backslashes += 1
    else if (code === 0x22 && backslashes <= depth) return i - backslashes
    else backslashes = 0
  }
  return text.length - backslashes
}

const YAML_OPEN = /:[ \t]{0,8}(\r?\n|\\+r\\+n|\\+n)/y
const YAML_MEMBER = /^(\s*(?:- )?(?:\\*["'])?[\w./-]{1,250}(?:\\*["'])?:[ \t]*)(.*)$/s
const BLANK_VALUE = /^(?:[|>][+-]?\d?|)$/

/** The values of the lines that stand deeper than a name. */
function yamlValues(text: string, at: number, end: number): SecretSpan | undefined {
  YAML_OPEN.lastIndex = end
  const open = YAML_OPEN.exec(text)
  if (open === null) return undefined
  const lineEnd = open[1] as string
  const depth = indentBefore(text, at)
  let cursor = YAML_OPEN.lastIndex
  let from = -1
  let to = -1
  let kept = ''
  let mark = ''
  for (;;) {
    const next = lineEndAt(text, cursor, lineEnd)
    const line = text.slice(cursor, next)
    const indent = indentOf(line)
    if (indent <= depth) break
    const [, name = '', value = line.trim()] = YAML_MEMBER.exec(line) ?? []
    if (!BLANK_VALUE.test(value)) {
      const begin = next - value.length
      if (from === -1) from = begin
      else mark += kept + (name === '' ? line.slice(0, indent) : name)
      // The quotes and the white space around a value go with it.
      mark += MARK
      to = next
      kept = ''
    } else if (from !== -1) kept += line
    if (!text.startsWith(lineEnd, next)) break
    if (from !== -1) kept += lineEnd
    cursor = next + lineEnd.length
  }
  return from === -1 ? undefined : { from, to, mark }
}

/**
 * Where a line of YAML ends: at the next line end, or with the JSON string that it stands in, whose quote has
 * fewer backslashes than its escaped line ends.
 */
function lineEndAt(text: string, from: number, lineEnd: string): number {
  const found = text.indexOf(lineEnd, from)
  const to = found === -1 ? text.length : found
  const depth = lineEnd.lastIndexOf('\\') + 1
  if (depth === 0) return to
  let backslashes = 0
  for (let i = from; i < to; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x5c) backslashes += 1
    else if (code === 0x22 && backslashes < depth) return i - backslashes
    else backslashes = 0
  }
  return to
}

const MAX_INDENT = 80

/** White space before what stands in a line; a blank line stands as deep as any. */
function indentOf(line: string): number {
  const rest = line.trimStart()
  return rest === '' ? Number.POSITIVE_INFINITY : line.length - rest.length
}

/** White space before a name, and the dash of a list, which stands for as much. */
function indentBefore(text: string, at: number): number {
  let i = at
  while (i > 0 && at - i < MAX_INDENT && /[ -]/.test(text.charAt(i - 1))) i -= 1
  return at - i
}

function createSecretRule(): MaskRule {
  const isInSecret = createSecretKinds()
  return {
    id: ID,
    keywords: ['data:', 'data"', 'data\\'],
    find: (text, at, end, pass) => {
      const sign = end - 1
      const isStringData = text.startsWith('string', at - 6) && text.startsWith('Data', at)
      const from = isStringData ? at - 6 : at
      const before = text.charAt(from - 1)
      if (/[\w.]/.test(before) && !/\\+[nrt]$/.test(text.slice(Math.max(0, from - 3), from)))
        return undefined
      if (!isInSecret(text, at, pass)) return undefined
      return text.charAt(sign) === ':' ? yamlValues(text, from, sign) : jsonValues(text, sign)
    },
  }
}

/** `--from-literal=name=value`. */
const LITERAL =
  /(--from-literal[= ](?:\\{0,15}["'])?[\w.-]{1,100}=(?:\\{0,15}["'])?)((?<=["'][\w.=\\"'-]{0,120})[^"'\\\n]{3,1000}|[^\s"'\\]{3,1000})/y

function literalAt(text: string, at: number): SecretSpan | undefined {
  LITERAL.lastIndex = at
  const [, kept = '', value = ''] = LITERAL.exec(text) ?? []
  if (value === '' || /^[$<{]/.test(value)) return undefined
  return { from: at + kept.length, to: at + kept.length + value.length }
}

export const kubernetesRules: readonly MaskRule[] = [
  createSecretRule(),
  { id: ID, keywords: ['--from-literal'], find: literalAt },
]
