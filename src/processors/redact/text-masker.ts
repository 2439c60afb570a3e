/**
 * Masks the secrets of a text. One pass of the prefilter finds keywords; the rules of a keyword are
 * tried where it stands; what is masked is skipped. Linear in the length of the text. Deterministic,
 * so that a resend stays the same.
 */
import { createKeywordAutomaton, type KeywordAutomaton } from './keyword-automaton.ts'
import type { MaskRule, SecretSpan } from './rule.ts'

/** Called for each secret that was masked. */
export type CountMasked = (rule: string) => void

export interface TextMasker {
  /** The text with its secrets masked; the same string where there are none. */
  mask(text: string, count: CountMasked): string
}

const MARK = '[masked: '

/** What stands in place of a secret. */
export function markOf(rule: string): string {
  return `${MARK}${rule}]`
}

/** A rule under one of its keywords. */
interface KeywordRule {
  readonly rule: MaskRule
  /** What has to stand there in this case; undefined when any case will do. */
  readonly exact: string | undefined
}

interface Compiled {
  readonly automaton: KeywordAutomaton
  readonly lengths: Int32Array
  readonly rulesOf: readonly (readonly KeywordRule[])[]
}

function compiled(rules: readonly MaskRule[]): Compiled {
  const byKeyword = new Map<string, KeywordRule[]>()
  for (const rule of rules) {
    for (const keyword of rule.keywords) {
      const entry = { rule, exact: rule.isExact ? keyword : undefined }
      const of = byKeyword.get(keyword.toLowerCase())
      if (of === undefined) byKeyword.set(keyword.toLowerCase(), [entry])
      else of.push(entry)
    }
  }
  const keywords = [...byKeyword.keys()]
  return {
    automaton: createKeywordAutomaton(keywords),
    lengths: Int32Array.from(keywords, (keyword) => keyword.length),
    rulesOf: [...byKeyword.values()],
  }
}

/**
 * `tokenRules` know a secret by its shape, `contextRules` by what is around it. A secret that a
 * context tells goes by the name of its shape where it has one. The tables are built with the first
 * text: they are work of milliseconds, and an idle bridge is some megabytes smaller without it.
 */
export function createTextMasker(
  tokenRules: readonly MaskRule[],
  contextRules: readonly MaskRule[],
): TextMasker {
  let all: Compiled | undefined
  let shapes: Compiled | undefined
  const isContext = new Set(contextRules)

  function nameOf(text: string, rule: MaskRule, span: SecretSpan): string {
    const id = span.id ?? rule.id
    if (!isContext.has(rule) || span.mark !== undefined) return id
    const value = text.slice(span.from, span.to)
    shapes ??= compiled(tokenRules)
    const first = firstSecret(value, shapes)
    return first?.span.from === 0 ? (first.span.id ?? first.rule.id) : id
  }

  return {
    mask: (text, count) => {
      all ??= compiled([...tokenRules, ...contextRules])
      let masked = ''
      let done = 0
      eachSecret(text, all, (rule, span) => {
        const from = Math.max(span.from, done)
        const id = nameOf(text, rule, span)
        const quote = span.quote ?? ''
        masked += `${text.slice(done, from)}${quote}${span.mark ?? markOf(id)}${quote}`
        done = span.to
        count(id)
        return true
      })
      return done === 0 ? text : masked + text.slice(done)
    },
  }
}

function firstSecret(text: string, of: Compiled): Hit | undefined {
  let first: Hit | undefined
  eachSecret(text, of, (rule, span) => {
    first = { rule, span }
    return false
  })
  return first
}

/** Visits the secrets of a text in order, none overlapping another, until `visit` says false. */
function eachSecret(
  text: string,
  of: Compiled,
  visit: (rule: MaskRule, span: SecretSpan) => boolean,
): void {
  const scan: Scan = { at: 0, state: 0, done: 0 }
  /** Begins further on than its keyword ends: what is in between comes first. */
  let ahead: Hit | undefined
  for (;;) {
    const limit = startOf(ahead, text.length)
    const hit = nextHit(text, of, scan, limit) ?? ahead
    if (hit === undefined) return
    const { span } = hit
    if (span.from > scan.at) {
      ahead = span.from < limit ? hit : ahead
      continue
    }
    if (span.to <= scan.done) continue
    if (!visit(hit.rule, span)) return
    scan.done = span.to
    if (span.to > scan.at) {
      scan.at = span.to
      scan.state = 0
    }
    if (hit === ahead || span.to > startOf(ahead, text.length)) ahead = undefined
  }
}

function startOf(hit: Hit | undefined, otherwise: number): number {
  return hit === undefined ? otherwise : hit.span.from
}

/** How far a text was scanned; the pass that rules are told of. */
interface Scan {
  at: number
  /** Of the automaton. */
  state: number
  /** The end of the last secret. */
  done: number
}

/** The next secret whose keyword ends before the limit; moves the scan behind that keyword. */
function nextHit(text: string, of: Compiled, scan: Scan, limit: number): Hit | undefined {
  const { classes, next, classCount, ends, found } = of.automaton
  let { state } = scan
  for (let i = scan.at; i < limit; i += 1) {
    const code = text.charCodeAt(i)
    state = next[state * classCount + (classes[code] as number)] as number
    if (ends[state] === 0) continue
    const hit = hitOf(text, found[state] as readonly number[], of, i + 1, scan)
    if (hit === undefined) continue
    scan.at = i + 1
    scan.state = state
    return hit
  }
  scan.at = limit
  scan.state = state
  return undefined
}

interface Hit {
  readonly rule: MaskRule
  readonly span: SecretSpan
}

/** The secret at one of the keywords that end here, none of it before what is done. */
function hitOf(
  text: string,
  keywords: readonly number[],
  { lengths, rulesOf }: Compiled,
  end: number,
  scan: Scan,
): Hit | undefined {
  for (const keyword of keywords) {
    const at = end - (lengths[keyword] as number)
    if (at < scan.done) continue
    const hit = hitAt(text, rulesOf[keyword] as readonly KeywordRule[], at, end, scan)
    if (hit !== undefined) return hit
  }
  return undefined
}

function hitAt(
  text: string,
  rules: readonly KeywordRule[],
  at: number,
  end: number,
  scan: Scan,
): Hit | undefined {
  for (const { rule, exact } of rules) {
    if (exact !== undefined && !text.startsWith(exact, at)) continue
    const span = rule.find(text, at, end, scan)
    if (span === undefined || span.to <= span.from) continue
    // What was masked before stays as it is.
    if (text.startsWith(MARK, span.from)) continue
    return { rule, span }
  }
  return undefined
}
