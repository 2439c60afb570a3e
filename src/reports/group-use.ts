/** Slices of time put together by what calls count for: by a group, or by two at once. */
import type { UsageGroup } from '../domain/usage-group.ts'
import type { GroupColumn, Naming } from './group-columns.ts'
import { groupNames, type Name } from './group-names.ts'
import {
  createGroupParts,
  createSessionIds,
  type GroupParts,
  type SessionIds,
} from './group-parts.ts'
import { type BucketUse, groupSeries, type SliceBuckets } from './group-series.ts'
import { emptySums, type Sums } from './sums.ts'
import { cellsAmong, type UsageCells } from './usage-cells.ts'

/** What falls to one name of a group, or to one pair of names. */
export interface GroupPart {
  readonly names: readonly Name[]
  /** Where names lead, of pull requests and commits; null where they lead nowhere. */
  readonly links: readonly (string | null)[]
  readonly sums: Sums
  readonly sessions: number
}

export interface GroupedUse {
  /** The most expensive first. With the rest they add up to the whole. */
  readonly parts: readonly GroupPart[]
  readonly rest: Pick<GroupPart, 'sums' | 'sessions'> | undefined
  /** Sessions without a call that could fall to a name, by those that they have of the session alone. */
  readonly idle: readonly GroupPart[]
  readonly sums: Sums
  /** Distinct sessions, those of `idle` among them. */
  readonly sessions: number
  /** Over time, where buckets were given. */
  readonly series: readonly BucketUse[]
}

/** Stands for the model, skill, … of sessions that have no call, or none that succeeded. */
export const NO_CALLS = '(no model calls)'

/** Conditions, all of which have to hold. */
export interface NamedConditions {
  readonly only: readonly OnlyNames[]
  readonly naming: Naming
}

/** What counts: calls that fall to one of these names of a group. */
export interface OnlyNames {
  readonly group: UsageGroup
  readonly isAsked: (name: Name) => boolean
}

export interface GroupOptions {
  readonly conditions?: NamedConditions | undefined
  /** Parts at most, what is left of them as one. */
  readonly limit?: number
  /** What the slices are of over time. */
  readonly buckets?: SliceBuckets
}

/** Of slices, what fulfils all conditions. */
export function groupUse(
  slices: readonly { readonly sums: UsageCells }[],
  groups: readonly UsageGroup[],
  naming: Naming,
  { conditions, limit = Number.POSITIVE_INFINITY, buckets }: GroupOptions = {},
): GroupedUse {
  const asked = slices.map(({ sums }) =>
    conditions === undefined ? sums : matchingCells(sums, conditions),
  )
  const columns = groups.map((group) => naming.columns.of(group, naming))
  const numbered = asked.map((cells) => {
    const numbers = columns.map((column) => column.numbersIn(cells))
    return { cells, numbers, idle: columns.map((column) => column.sessionNumbersIn(cells)) }
  })
  const sizes = sizesOf(asked)
  const names = columns.map((column) => column.countNames())
  const table = createGroupParts({ names, ...sizes })
  const seen = createSessionIds(sizes.greatestId)
  const partsOfRows = numbered.map((one, at) => {
    for (const id of one.cells.ids) seen.add(id)
    addSessions(table, one)
    return addRows(table, one, at, columns)
  })
  // Failed calls alone make no part by what they were made for: nothing that is shown falls to it.
  const isShown = groups.every(({ source }) => source.of !== 'call' && source.of !== 'work')
  const shown = partsOf(table, isShown ? undefined : table.isSomething)
  const { first, rest } = mostExpensive(shown, table.costOf, limit)
  const called = createSessionIds(sizes.greatestId)
  for (const part of shown) table.noteSessionsIn(part, called)

  function linksOf(part: number): readonly (string | null)[] {
    const { cellsAt, row } = table.firstRowOf(part)
    const cells = asked[cellsAt]
    return columns.map(({ axis, linkAt }) =>
      cells === undefined ? null : linkAt(cells, cells.places[axis][row] ?? 0),
    )
  }

  return {
    parts: Array.from(first, (part) => {
      const numbers = table.namesOf(part)
      return {
        names: columns.map((column, at) => column.nameOf(numbers[at] ?? 0)),
        links: linksOf(part),
        sums: table.sumsOf([part]),
        sessions: table.countSessions(part),
      }
    }),
    rest:
      rest.length === 0
        ? undefined
        : {
            sums: table.sumsOf(rest),
            // A session that is in several of them counts with each.
            sessions: rest.reduce((sum, part) => sum + table.countSessions(part), 0),
          },
    idle: idleOf(asked, seen, called, groups, naming),
    sums: table.sumsOf(partsOf(table)),
    sessions: seen.count(),
    series:
      buckets === undefined
        ? []
        : groupSeries({
            ...{ table, buckets, first, greatestId: sizes.greatestId },
            hasRest: rest.length > 0,
            slices: numbered.map(({ cells }, at) => {
              return { cells, parts: partsOfRows[at] ?? new Uint32Array() }
            }),
          }),
  }
}

/** In order. */
function partsOf(table: GroupParts, isAsked: (part: number) => boolean = () => true): Uint32Array {
  const parts = new Uint32Array(table.count())
  let count = 0
  for (let part = 0; part < parts.length; part += 1) {
    if (!isAsked(part)) continue
    parts[count] = part
    count += 1
  }
  return parts.subarray(0, count)
}

function sizesOf(all: readonly UsageCells[]): {
  readonly rows: number
  readonly greatestId: number
} {
  let rows = 0
  let greatestId = 0
  for (const cells of all) {
    rows += cells.rows.length
    for (const id of cells.ids) if (id > greatestId) greatestId = id
  }
  return { rows, greatestId }
}

/**
 * What of cells fulfils conditions: rows, and the sessions that have one; of sessions without a call, those
 * that fulfil them by names of their own.
 */
export function matchingCells(cells: UsageCells, { only, naming }: NamedConditions): UsageCells {
  const filters = only.map(({ group, isAsked }) => {
    const { axis, nameAt, sessionNameAt } = groupNames(group, naming)
    const matches = cells[axis].map((_, place) => isAsked(nameAt(cells, place)))
    const matchesIdle = (place: number): boolean =>
      sessionNameAt !== undefined && isAsked(sessionNameAt(cells, place))
    return { places: cells.places[axis], matches, matchesIdle }
  })
  const rows = [...cells.rows.keys()].filter((row) =>
    filters.every(({ places, matches }) => matches[places[row] ?? 0]),
  )
  const called = new Set(rows.map((row) => cells.places.sessions[row] ?? 0))
  const hasCalls = new Set(cells.places.sessions)
  const sessions = [...cells.sessions.keys()].filter(
    (place) =>
      called.has(place) ||
      (!hasCalls.has(place) && filters.every(({ matchesIdle }) => matchesIdle(place))),
  )
  return cellsAmong(cells, sessions, rows)
}

/** The most expensive ones in their order, so many that the rest as one makes `limit`. */
function mostExpensive(
  /** In ascending order. */
  parts: Uint32Array,
  costOf: (part: number) => number,
  limit: number,
): { readonly first: readonly number[]; readonly rest: Uint32Array } {
  const byCost = (a: number, b: number): number => costOf(b) - costOf(a)
  if (parts.length <= limit) return { first: [...parts].sort(byCost), rest: new Uint32Array(0) }
  const room = Math.max(0, limit - 1)
  // There may be a part for each commit. Most cost no more than those that fill the room already.
  const first: number[] = []
  let least = Number.NEGATIVE_INFINITY
  const keepFirst = (): void => {
    first.sort(byCost).splice(room)
    const last = first[room - 1]
    if (last !== undefined) least = costOf(last)
  }
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? 0
    if (costOf(part) <= least) continue
    first.push(part)
    if (first.length >= 2 * room + SORTED_AT_ONCE) keepFirst()
  }
  keepFirst()
  const isFirst = new Uint8Array((parts.at(-1) ?? 0) + 1)
  for (const part of first) isFirst[part] = 1
  const rest = new Uint32Array(parts.length - first.length)
  let count = 0
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? 0
    if (isFirst[part] === 1) continue
    rest[count] = part
    count += 1
  }
  return { first, rest }
}

const SORTED_AT_ONCE = 100

/** Rows, and the numbers of the names of each group by the places in its list. */
interface NumberedCells {
  readonly cells: UsageCells
  readonly numbers: readonly Uint32Array[]
  /** The same of sessions without a call; undefined for a group in which such have no name. */
  readonly idle: readonly (Uint32Array | undefined)[]
}

/** A session without any call counts for what it is itself. */
function addSessions(
  table: GroupParts,
  { cells: { ids, places }, idle: [first, second], idle }: NumberedCells,
): void {
  if (idle.includes(undefined)) return
  const hasCalls = new Uint8Array(ids.length)
  for (const place of places.sessions) hasCalls[place] = 1
  for (let place = 0; place < ids.length; place += 1) {
    if (hasCalls[place] === 1) continue
    table.noteSession(table.partOf(first?.[place] ?? 0, second?.[place]), ids[place] ?? 0)
  }
}

/** The part of each row. */
function addRows(
  table: GroupParts,
  { cells, numbers: [first, second] }: NumberedCells,
  cellsAt: number,
  [firstColumn, secondColumn]: readonly GroupColumn[],
): Uint32Array {
  const { ids, places, rows, figures } = cells
  const firstAt = places[firstColumn?.axis ?? 'sessions']
  const secondAt = places[secondColumn?.axis ?? 'sessions']
  const parts = new Uint32Array(rows.length)
  for (let row = 0; row < rows.length; row += 1) {
    const part = table.partOf(first?.[firstAt[row] ?? 0] ?? 0, second?.[secondAt[row] ?? 0])
    parts[row] = part
    table.addRow(part, figures, cellsAt, row)
    table.noteSession(part, ids[places.sessions[row] ?? 0] ?? 0)
  }
  return parts
}

/** Sessions that are in no part, as the newest slice has them. */
function idleOf(
  slices: readonly UsageCells[],
  seen: SessionIds,
  called: SessionIds,
  groups: readonly UsageGroup[],
  naming: Naming,
): readonly GroupPart[] {
  if (called.count() === seen.count()) return []
  const names = groups.map((group) => groupNames(group, naming).sessionNameAt)
  const sessions = new Map<string, { readonly names: readonly Name[]; count: number }>()
  for (const cells of slices.toReversed()) {
    for (const [place, id] of cells.ids.entries()) {
      if (called.has(id)) continue
      called.add(id)
      const own = names.map((nameAt) => (nameAt === undefined ? NO_CALLS : nameAt(cells, place)))
      const key = JSON.stringify(own)
      const part = sessions.get(key) ?? { names: own, count: 0 }
      part.count += 1
      sessions.set(key, part)
    }
  }
  return [...sessions.values()].map((part) => ({
    names: part.names,
    links: groups.map(() => null),
    sums: emptySums(),
    sessions: part.count,
  }))
}
