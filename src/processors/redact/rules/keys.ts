/** Private keys and signed tokens, whoever made them. */
import { BOUNDARY, type MaskRule, patternRule, type SecretSpan } from '../rule.ts'

/** Longest private key that is looked for behind its first line. */
const MAX_KEY_LENGTH = 16_384

const KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/y
/** What a key without its last line is made of; line ends may be escaped, also more than once. */
const KEY_REST = /(?:[A-Za-z0-9+/=\s:,.-]|\\+(?:[nrt"/]|u[0-9a-f]{4}))*/iy

/**
 * From the first line to the last. A key that was cut is masked as far as it goes; its last line
 * alone ends nothing.
 */
function privateKeyAt(text: string, at: number): SecretSpan | undefined {
  KEY_BEGIN.lastIndex = at
  const begin = KEY_BEGIN.exec(text)
  if (begin === null) return undefined
  const from = at + begin[0].length
  const window = text.slice(from, from + MAX_KEY_LENGTH)
  const end = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/.exec(window)
  const nextBegin = window.indexOf('-----BEGIN ')
  if (end !== null && (nextBegin === -1 || nextBegin > end.index)) {
    return { from: at, to: from + end.index + end[0].length }
  }
  KEY_REST.lastIndex = 0
  return { from: at, to: from + (KEY_REST.exec(window)?.[0].length ?? 0) }
}

const PUTTY_LINES =
  /(Private-Lines: ?\d{1,4}(?:\s|\\+[nr]){1,8})(?:[A-Za-z0-9+/=]|\s|\\+[nr]){16,8000}/y

function puttyKeyAt(text: string, at: number): SecretSpan | undefined {
  PUTTY_LINES.lastIndex = at
  const match = PUTTY_LINES.exec(text)
  if (match === null) return undefined
  return { from: at + (match[1]?.length ?? 0), to: at + match[0].length }
}

/**
 * The three parts of a JWT, or an encrypted one's five. The header alone is no secret; the payload
 * without its signature is. Runs of one class have one end, which is remembered, so that many
 * beginnings within a run cost no more than one.
 */
function createJwtRule(): MaskRule {
  let lastText = ''
  let lastBegin = 0
  let lastEnd = 0

  function runEnd(text: string, from: number): number {
    if (text === lastText && from >= lastBegin && from < lastEnd) return lastEnd
    let to = from
    while (isUrlSafe(text.charCodeAt(to))) to += 1
    lastText = text
    lastBegin = from
    lastEnd = to
    return to
  }

  return {
    id: 'jwt',
    keywords: ['eyJ', 'ZXlK', 'ewog'],
    isExact: true,
    find: (text, at) => {
      const header = runEnd(text, at)
      if (header - at < 10 || text.charCodeAt(header) !== DOT) return undefined
      let to = runEnd(text, header + 1)
      if (to - header < 9) return undefined
      for (let part = 0; part < 3 && text.charCodeAt(to) === DOT; part += 1) {
        const end = runEnd(text, to + 1)
        if (end === to + 1) break
        to = end
      }
      return { from: at, to }
    },
  }
}

const DOT = 0x2e

/** Of base64 as URLs have it. */
function isUrlSafe(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x5f
  )
}

export const keyRules: readonly MaskRule[] = [
  { id: 'private-key', keywords: ['-----begin '], find: privateKeyAt },
  { id: 'private-key', keywords: ['private-lines:'], find: puttyKeyAt },
  patternRule(
    'age-key',
    ['AGE-SECRET-KEY-', 'age-secret-key-'],
    String.raw`(?:AGE-SECRET-KEY|age-secret-key)-(?:PQ-|pq-)?1[A-Za-z0-9]{24,}`,
  ),
  createJwtRule(),
  patternRule('grafana-token', 'eyJrIjoi', String.raw`${BOUNDARY}eyJrIjoi[A-Za-z0-9+/=]{30,}`),
]
