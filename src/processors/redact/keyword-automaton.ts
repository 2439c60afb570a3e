/**
 * Finds many keywords in one pass over a text (Aho and Corasick, 1975), without regard to case: a
 * table lookup a character, whatever the text and however many the keywords.
 */

export interface KeywordAutomaton {
  /** Characters of one class are the same to all keywords; class 0 is in none. */
  readonly classes: Uint8Array
  /** From `state * classCount + class` to the next state; state 0 is the start. */
  readonly next: Uint16Array
  readonly classCount: number
  /** 1 for each state at which keywords end. */
  readonly ends: Uint8Array
  /** The keywords that end at each state, the longest first; `none` at most states. */
  readonly found: readonly (readonly number[])[]
}

/** Of UTF-16: a table for all of them needs no comparison in the loop that reads it. */
const CODE_UNITS = 65_536
const none: readonly number[] = []

/** Keywords are lower case; a letter and its upper case are one UTF-16 code unit each. */
export function createKeywordAutomaton(keywords: readonly string[]): KeywordAutomaton {
  const { classes, classCount } = classesOf(keywords)
  const mostStates = keywords.reduce((sum, { length }) => sum + length, 1)
  // One table from the beginning: a row of its own for each state would be garbage of megabytes.
  const table = new Uint16Array(mostStates * classCount)
  const found: number[][] = [[]]
  for (const [index, keyword] of keywords.entries()) {
    let state = 0
    for (let i = 0; i < keyword.length; i += 1) {
      const at = state * classCount + (classes[keyword.charCodeAt(i)] as number)
      // No keyword leads back to the start: 0 is where none goes on yet.
      if (table[at] === 0) table[at] = found.push([]) - 1
      state = table[at] as number
    }
    found[state]?.push(index)
  }
  const next = table.slice(0, found.length * classCount)
  addFallbacks(next, found, classCount)
  return {
    classes,
    next,
    classCount,
    ends: Uint8Array.from(found, (of) => (of.length > 0 ? 1 : 0)),
    found: found.map((of) => (of.length === 0 ? none : of)),
  }
}

function classesOf(keywords: readonly string[]): { classes: Uint8Array; classCount: number } {
  const classes = new Uint8Array(CODE_UNITS)
  let classCount = 1
  for (const keyword of keywords) {
    for (let i = 0; i < keyword.length; i += 1) {
      const code = keyword.charCodeAt(i)
      if (classes[code] !== 0) continue
      classes[code] = classCount
      classes[keyword.charAt(i).toUpperCase().charCodeAt(0)] = classCount
      classCount += 1
    }
  }
  return { classes, classCount }
}

/** Fills in where each state goes on when its keyword does not; adds what ends there, too. */
function addFallbacks(next: Uint16Array, found: readonly number[][], classCount: number): void {
  const fallback = new Uint16Array(found.length)
  const queue: number[] = []
  for (let of = 0; of < classCount; of += 1) {
    const state = next[of] as number
    if (state !== 0) queue.push(state)
  }
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head] as number
    const back = fallback[state] as number
    const ending = found[back] as readonly number[]
    if (ending.length > 0) found[state]?.push(...ending)
    for (let of = 0; of < classCount; of += 1) {
      const at = state * classCount + of
      const child = next[at] as number
      const other = next[back * classCount + of] as number
      if (child === 0) next[at] = other
      else {
        fallback[child] = other
        queue.push(child)
      }
    }
  }
}
