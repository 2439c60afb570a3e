/**
 * What a rule of masking is, and how most are written: a keyword that the prefilter finds, and a
 * pattern that is tried where it stands.
 *
 * Patterns stay linear on any text by their shape: behind the keyword comes a run of one class of
 * characters with a least length and nothing that has to follow. A run that is long enough is masked
 * and skipped; one that is not has cost less than that length.
 */

/** Which part of a text is a secret. */
export interface SecretSpan {
  readonly from: number
  readonly to: number
  /** Where it is not the rule's own. */
  readonly id?: string
  /** Stands in place of the secret; `[masked: …]` where it is not given. */
  readonly mark?: string
  /** The quotes that the mark needs to leave JSON whole. */
  readonly quote?: string
}

/**
 * Stands for one pass over one text. A rule that remembers something of a text keeps it with the pass
 * and forgets it with the next, which may be of the same text: masking must not depend on what was
 * masked before.
 */
export type Pass = object

export interface MaskRule {
  /** Names the rule in `[masked: github-token]` and in counts. */
  readonly id: string
  /** Lower case and found in either, unless the rule is exact. */
  readonly keywords: readonly string[]
  /** Its keywords count as they are written only. */
  readonly isExact?: true
  /** The secret at a keyword, which stands from `at` to `end`. */
  readonly find: (text: string, at: number, end: number, pass: Pass) => SecretSpan | undefined
}

/** Not within a word: also behind an escape of JSON or of a URL, which ends in a letter or digit. */
export const BOUNDARY = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))`

/** No token is longer. V8 gives up on a run of some hundred thousand characters. */
const MAX_RUN = 4000

/** The pattern with an end to each run that has none. */
function bounded(pattern: string): string {
  return pattern
    .replace(/\{(\d+),\}/g, `{$1,${MAX_RUN}}`)
    .replace(/\]\+/g, `]{1,${MAX_RUN}}`)
    .replace(/\]\*/g, `]{0,${MAX_RUN}}`)
}

/** Where a pattern begins: at the keyword, or so many characters before it. */
interface PatternOptions {
  readonly before?: number
}

/**
 * A rule with a pattern that begins at its keyword, which is written as tokens have it. What its first group matches is kept; without a
 * group, all of the match is masked.
 */
export function patternRule(
  id: string,
  keywords: string | readonly string[],
  pattern: string,
  { before = 0 }: PatternOptions = {},
): MaskRule {
  const sticky = new RegExp(bounded(pattern), 'y')
  return {
    id,
    keywords: typeof keywords === 'string' ? [keywords] : keywords,
    isExact: true,
    find: (text, at) => {
      const begin = at - before
      if (begin < 0) return undefined
      sticky.lastIndex = begin
      const match = sticky.exec(text)
      if (match === null) return undefined
      return { from: begin + (match[1]?.length ?? 0), to: begin + match[0].length }
    },
  }
}
