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
  /** The keywords that end at each state, the longest first; `none` at most states. */
  readonly found: readonly (readonly number[])[]
}

const ASCII = 128
const none: readonly number[] = []

/** Keywords are ASCII and lower case. */
export function createKeywordAutomaton(keywords: readonly string[]): KeywordAutomaton {
  const { classes, classCount } = classesOf(keywords)
  const goto: Int32Array[] = [new Int32Array(classCount).fill(-1)]
  const found: number[][] = [[]]
  for (const [index, keyword] of keywords.entries()) {
    let state = 0
    for (let i = 0; i < keyword.length; i += 1) {
      const row = goto[state] as Int32Array
      const of = classes[keyword.charCodeAt(i)] as number
      if (row[of] === -1) {
        row[of] = goto.length
        goto.push(new Int32Array(classCount).fill(-1))
        found.push([])
      }
      state = row[of] as number
    }
    found[state]?.push(index)
  }
  return {
    classes,
    next: transitions(goto, found, classCount),
    classCount,
    found: found.map((of) => (of.length === 0 ? none : of)),
  }
}

function classesOf(keywords: readonly string[]): { classes: Uint8Array; classCount: number } {
  const classes = new Uint8Array(ASCII)
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
function transitions(
  goto: readonly Int32Array[],
  found: readonly number[][],
  classCount: number,
): Uint16Array {
  const next = new Uint16Array(goto.length * classCount)
  const fallback = new Int32Array(goto.length)
  const queue: number[] = []
  for (let of = 0; of < classCount; of += 1) {
    const state = goto[0]?.[of] ?? -1
    if (state === -1) continue
    next[of] = state
    queue.push(state)
  }
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head] as number
    const back = fallback[state] as number
    found[state]?.push(...(found[back] ?? []))
    for (let of = 0; of < classCount; of += 1) {
      const other = next[back * classCount + of] as number
      const child = goto[state]?.[of] ?? -1
      next[state * classCount + of] = child === -1 ? other : child
      if (child === -1) continue
      fallback[child] = other
      queue.push(child)
    }
  }
  return next
}
