/**
 * What falls to each name of a group, or to each pair of names, in typed arrays: there may be a part for
 * each commit of a year, and objects and maps for that many take longer than adding up.
 */
import type { Sums } from './sums.ts'
import { FIGURES, sumsIn } from './usage-cells.ts'

/** Numbers of sessions: they count up from 1, so an array does what a set would, in a fraction of the time. */
export interface SessionIds {
  add(id: number): void
  has(id: number): boolean
  count(): number
}

/** For ids up to the greatest one. */
export function createSessionIds(greatestId: number): SessionIds {
  const flags = new Uint8Array(greatestId + 1)
  let count = 0
  return {
    add: (id) => {
      if (flags[id] === 1) return
      flags[id] = 1
      count += 1
    },
    has: (id) => flags[id] === 1,
    count: () => count,
  }
}

/** Parts are numbered from 0 in the order in which they were first asked for. */
export interface GroupParts {
  /** The part of a name, or of two, by their numbers. */
  partOf(first: number, second: number | undefined): number
  /** Adds the figures of a row of cells; `cellsAt` says of which. */
  addRow(part: number, figures: Float64Array, cellsAt: number, row: number): void
  noteSession(part: number, id: number): void
  count(): number
  /** The numbers of its names; of one group, the first alone counts. */
  namesOf(part: number): readonly [number, number]
  /** The first row of it; `cellsAt` is -1 where it has sessions alone. */
  firstRowOf(part: number): { readonly cellsAt: number; readonly row: number }
  readonly costOf: (part: number) => number
  /** Whether anything of it is shown: failed calls alone are not. */
  readonly isSomething: (part: number) => boolean
  sumsOf(parts: ArrayLike<number>): Sums
  noteSessionsIn(part: number, ids: SessionIds): void
  /** Distinct ones. */
  countSessions(part: number): number
}

const WIDTH = FIGURES.length
/** No session has this number. */
const NO_SESSION = 0

export interface PartsSize {
  /** How many names each group has, one group or two. */
  readonly names: readonly number[]
  readonly rows: number
  /** Of the sessions. */
  readonly greatestId: number
}

export function createGroupParts({ names, rows, greatestId }: PartsSize): GroupParts {
  let count = 0
  // Of two groups, names of one often come with one name of the other only.
  const size = Math.max(
    1,
    Math.min(
      rows,
      names.reduce((sum, each) => sum + each, 0),
    ),
  )
  let firsts = new Uint32Array(size)
  let seconds = new Uint32Array(size)
  let figures = new Float64Array(size * WIDTH)
  /** Of the first row: its cells and one more, 0 is none. */
  let cellsOf = new Uint32Array(size)
  let rowOf = new Uint32Array(size)
  /** The first session of each, and those that follow. */
  let sessions = new Uint32Array(size)
  const more: (number[] | undefined)[] = []
  const counted = new Uint32Array(greatestId + 1)
  /** Parts and one more, 0 is none: by the name, or as a hash table with open addressing. */
  let slots = new Uint32Array(
    names.length < 2 ? (names[0] ?? 0) : 2 ** Math.ceil(Math.log2(size * 2 + 1)),
  )

  function newPart(first: number, second: number): number {
    if (count === firsts.length) {
      firsts = doubled(firsts)
      seconds = doubled(seconds)
      cellsOf = doubled(cellsOf)
      rowOf = doubled(rowOf)
      sessions = doubled(sessions)
      figures = doubled(figures)
    }
    firsts[count] = first
    seconds[count] = second
    more.push(undefined)
    count += 1
    return count - 1
  }

  function slotOf(first: number, second: number): number {
    const mask = slots.length - 1
    // Odd numbers without a pattern in their bits, so that pairs of small numbers spread.
    const mixed = Math.imul(first, 0x9e37_79b1) ^ Math.imul(second, 0x85eb_ca6b)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    for (;;) {
      const part = (slots[slot] ?? 0) - 1
      if (part < 0 || (firsts[part] === first && seconds[part] === second)) return slot
      slot = (slot + 1) & mask
    }
  }

  function keepHalfFree(): void {
    if (count * 2 < slots.length) return
    slots = new Uint32Array(slots.length * 2)
    for (let part = 0; part < count; part += 1) {
      slots[slotOf(firsts[part] ?? 0, seconds[part] ?? 0)] = part + 1
    }
  }

  function noteSession(part: number, id: number): void {
    const first = sessions[part]
    if (first === id) return
    if (first === NO_SESSION) {
      sessions[part] = id
      return
    }
    const others = more[part]
    if (others === undefined) more[part] = [id]
    else if (others[others.length - 1] !== id) others.push(id)
  }

  function countDistinct(part: number, others: readonly number[]): number {
    let distinct = 1
    counted[sessions[part] ?? NO_SESSION] = part + 1
    for (const id of others) {
      if (counted[id] === part + 1) continue
      counted[id] = part + 1
      distinct += 1
    }
    return distinct
  }

  return {
    partOf: (first, second) => {
      const slot = second === undefined ? first : slotOf(first, second)
      const known = slots[slot] ?? 0
      if (known > 0) return known - 1
      const part = newPart(first, second ?? 0)
      slots[slot] = part + 1
      if (second !== undefined) keepHalfFree()
      return part
    },
    addRow: (part, added, cellsAt, row) => {
      const to = part * WIDTH
      const from = row * WIDTH
      for (let n = 0; n < WIDTH; n += 1) {
        figures[to + n] = (figures[to + n] ?? 0) + (added[from + n] ?? 0)
      }
      if (cellsOf[part] !== 0) return
      cellsOf[part] = cellsAt + 1
      rowOf[part] = row
    },
    noteSession,
    count: () => count,
    namesOf: (part) => [firsts[part] ?? 0, seconds[part] ?? 0],
    firstRowOf: (part) => ({ cellsAt: (cellsOf[part] ?? 0) - 1, row: rowOf[part] ?? 0 }),
    costOf: (part) => figures[part * WIDTH] ?? 0,
    isSomething: (part) => {
      for (const n of SHOWN_FIGURES) if ((figures[part * WIDTH + n] ?? 0) !== 0) return true
      return false
    },
    sumsOf: (parts) => {
      const sum = new Float64Array(WIDTH)
      for (let each = 0; each < parts.length; each += 1) {
        const at = (parts[each] ?? 0) * WIDTH
        for (let n = 0; n < WIDTH; n += 1) sum[n] = (sum[n] ?? 0) + (figures[at + n] ?? 0)
      }
      return sumsIn(sum)
    },
    noteSessionsIn: (part, ids) => {
      const first = sessions[part] ?? NO_SESSION
      if (first !== NO_SESSION) ids.add(first)
      const others = more[part]
      if (others !== undefined) for (const id of others) ids.add(id)
    },
    countSessions: (part) => {
      if ((sessions[part] ?? NO_SESSION) === NO_SESSION) return 0
      const others = more[part]
      return others === undefined ? 1 : countDistinct(part, others)
    },
  }
}

/** Places of what is shown of a part: its cost, tokens and calls. */
const SHOWN_FIGURES = (
  ['costUsd', 'input', 'output', 'cacheRead', 'cacheCreation', 'calls'] as const
).map((name) => FIGURES.indexOf(name))

function doubled<T extends Uint32Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2)
  larger.set(array)
  return larger
}
