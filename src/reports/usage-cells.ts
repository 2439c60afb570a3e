/**
 * What was used within a slice of time as rows of one session, model and set of dimensions, kept in
 * columns so that a year of them is a few megabytes: what any group, or two at once, is made of.
 */
import { UNITS_PER_USD } from '../domain/exact-sum.ts'
import type { TicketOf } from '../domain/ticket.ts'
import type { UsageDimensions } from '../domain/usage.ts'
import {
  ATTRIBUTE_NAMES,
  isOfSessions,
  type UsageGroup,
  type WorkField,
} from '../domain/usage-group.ts'
import { commitUrl } from '../domain/work.ts'
import type { AttributeOfSession, WorkOfSession } from '../storage/store-reader.ts'
import type { ActiveSession, UsageSlice } from '../storage/usage-slice.ts'
import type { PullRequestOf } from './pull-requests.ts'
import { emptySums, type Sums } from './sums.ts'
import { sumsOf } from './usage-sums.ts'

type Attributes = Readonly<Record<string, string>>

export interface UsageCells {
  readonly sessions: readonly ActiveSession[]
  /** Of those that have any of the attributes asked for, by the session's number. */
  readonly attributes: ReadonlyMap<number, Attributes>
  /** Of each row: the place of its session in `sessions`, its model, and its set of dimensions. */
  readonly sessionAt: Uint32Array
  /** Where each stood among the rows that were read. */
  readonly rows: readonly number[]
  readonly models: readonly string[]
  readonly sets: readonly UsageDimensions[]
  /** The stretch of work that each row is of, where anything is known of it. */
  readonly work: readonly (WorkOfSession | undefined)[]
  /** `FIGURES` for each row, one after another; money in billionths of a dollar. */
  readonly figures: Float64Array
}

const MONEY = ['costUsd', 'estimatedUsd', 'metricsUsd'] as const
const COUNTS = [
  'unpricedCalls',
  'input',
  'output',
  'cacheRead',
  'cacheCreation',
  'calls',
  'errors',
] as const satisfies readonly Exclude<keyof Sums, (typeof MONEY)[number]>[]
const FIGURES = [...MONEY, ...COUNTS] as const
const WIDTH = FIGURES.length

export function cellsOf(
  { sessions, models: rows }: UsageSlice,
  attributes: readonly AttributeOfSession[],
  work: readonly WorkOfSession[],
): UsageCells {
  const places = new Map(sessions.map(({ id }, place) => [id, place]))
  const sessionAt = new Uint32Array(rows.length)
  const figures = new Float64Array(rows.length * WIDTH)
  for (const [index, row] of rows.entries()) {
    sessionAt[index] = places.get(row.session) ?? 0
    const sums = sumsOf(row)
    for (const [at, name] of FIGURES.entries()) {
      const isMoney = at < MONEY.length
      figures[index * WIDTH + at] = isMoney ? Math.round(sums[name] * UNITS_PER_USD) : sums[name]
    }
  }
  const told = new Map<number, Record<string, string>>()
  for (const { session, key, value } of attributes) {
    const known = told.get(session)
    if (known === undefined) told.set(session, { [key]: value })
    else known[key] = value
  }
  const stretches = new Map<number, Map<number, WorkOfSession>>()
  for (const one of work) {
    const known = stretches.get(one.session)
    if (known === undefined) stretches.set(one.session, new Map([[one.segment, one]]))
    else known.set(one.segment, one)
  }
  return {
    sessions,
    attributes: told,
    sessionAt,
    rows: [...rows.keys()],
    models: rows.map(({ model }) => model),
    sets: rows.map(({ dimensions }) => dimensions),
    work: rows.map(({ session, dimensions }) =>
      stretches.get(session)?.get(Number(dimensions.segment ?? 0)),
    ),
    figures,
  }
}

/** Rows, and the sessions, which take about as much. */
export function countCells({ models, sessions }: UsageCells): number {
  return models.length + sessions.length + 1
}

/** What falls to one name of a group, or to one pair of names; null is what names none. */
export interface GroupPart {
  readonly names: readonly (string | null)[]
  /** Where names lead, of pull requests and commits; null where they lead nowhere. */
  readonly links: readonly (string | null)[]
  readonly sums: Sums
  readonly sessions: number
}

/** What names are found by, beside what is stored of each session. */
export interface Naming {
  readonly ticketOf: TicketOf
  readonly pullRequestOf: PullRequestOf
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
  readonly isAsked: (name: string | null) => boolean
}

/** Slices of time put together by what calls count for, those that fulfil all conditions. */
export function groupUse(
  slices: readonly { readonly sums: UsageCells }[],
  groups: readonly UsageGroup[],
  naming: Naming,
  { conditions, limit = Number.POSITIVE_INFINITY }: GroupOptions = {},
): GroupedUse {
  const table = createParts(groups.length)
  const readers = groups.map((group) => createNameReader(group, naming))
  const asked = slices.map(({ sums }) =>
    conditions === undefined ? sums : matchingCells(sums, conditions),
  )
  const seen = createIdSet(asked)
  for (const cells of asked) {
    for (const reader of readers) reader.begin(cells)
    for (const { id } of cells.sessions) seen.add(id)
    if (groups.every(isOfSessions)) addSessions(table, cells, readers)
    addRows(table, cells, readers)
  }
  // Failed calls alone make no part by what they were made for: nothing that is shown falls to it.
  const isShown = groups.every(({ source }) => source.of !== 'call' && source.of !== 'work')
  const parts = table.all()
  const shown = parts.filter(({ at }) => isShown || table.isSomething(at))
  const { first, rest } = mostExpensive(shown, ({ at }) => table.costOf(at), limit)
  return {
    parts: first.map((part) => {
      const names = table.namesOf(part)
      const { at, cells, row } = part
      return {
        names,
        links: readers.map((reader, of) => reader.linkOf?.(names[of] ?? null, cells, row) ?? null),
        sums: table.sumsOf([at]),
        sessions: countSessions(part),
      }
    }),
    rest:
      rest.length === 0
        ? undefined
        : {
            sums: table.sumsOf(rest.map(({ at }) => at)),
            // A session that is in several of them counts with each.
            sessions: rest.reduce((sum, part) => sum + countSessions(part), 0),
          },
    idle: idleOf(asked, seen, shown, groups, readers),
    sums: table.sumsOf(parts.map(({ at }) => at)),
    sessions: seen.count(),
  }
}

/** The most expensive ones in their order, so many that the rest as one makes `limit`. */
function mostExpensive<T>(
  parts: readonly T[],
  costOf: (part: T) => number,
  limit: number,
): { readonly first: readonly T[]; readonly rest: readonly T[] } {
  const byCost = (a: T, b: T): number => costOf(b) - costOf(a)
  if (parts.length <= limit) return { first: parts.toSorted(byCost), rest: [] }
  // Numbers are sorted much faster than parts, of which there may be one for each commit.
  const costs = Float64Array.from(parts, costOf).sort()
  const least = costs[costs.length - limit + 1] ?? Number.POSITIVE_INFINITY
  let room = limit - 1 - parts.reduce((count, part) => count + (costOf(part) > least ? 1 : 0), 0)
  const first: T[] = []
  const rest: T[] = []
  for (const part of parts) {
    const cost = costOf(part)
    const isEqual = cost === least && room > 0
    if (isEqual) room -= 1
    if (cost > least || isEqual) first.push(part)
    else rest.push(part)
  }
  return { first: first.sort(byCost), rest }
}

export interface GroupOptions {
  readonly conditions?: NamedConditions | undefined
  /** Parts at most, what is left of them as one. */
  readonly limit?: number
}

/**
 * What of cells fulfils conditions: rows, and the sessions that have one; of conditions on sessions alone,
 * all sessions that fulfil them.
 */
export function matchingCells(cells: UsageCells, { only, naming }: NamedConditions): UsageCells {
  const filters = only.map(({ group, isAsked }) => {
    const names = createNameReader(group, naming)
    names.begin(cells)
    return (place: number, row: number) => isAsked(names.nameOf(place, row))
  })
  const matches = (place: number, row: number) => filters.every((filter) => filter(place, row))
  const rows = [...cells.sessionAt.keys()].filter((row) => matches(cells.sessionAt[row] ?? 0, row))
  const needsNone = only.every(({ group }) => isOfSessions(group))
  const called = new Set(rows.map((row) => cells.sessionAt[row] ?? 0))
  const kept = [...cells.sessions.keys()].filter((place) =>
    needsNone ? matches(place, 0) : called.has(place),
  )
  const places = new Map(kept.map((before, place) => [before, place]))
  const figures = new Float64Array(rows.length * WIDTH)
  for (const [at, row] of rows.entries()) {
    figures.set(cells.figures.subarray(row * WIDTH, (row + 1) * WIDTH), at * WIDTH)
  }
  return {
    ...cells,
    sessions: kept.flatMap((place) => cells.sessions[place] ?? []),
    sessionAt: Uint32Array.from(rows, (row) => places.get(cells.sessionAt[row] ?? 0) ?? 0),
    rows: rows.map((row) => cells.rows[row] ?? row),
    models: rows.map((row) => cells.models[row] ?? ''),
    sets: rows.map((row) => cells.sets[row] ?? {}),
    work: rows.map((row) => cells.work[row]),
    figures,
  }
}

/** Numbers of sessions: they count up from 1, so an array does what a set would, in a fraction of the time. */
interface IdSet {
  add(id: number): void
  has(id: number): boolean
  count(): number
}

function createIdSet(cells: readonly UsageCells[]): IdSet {
  let greatest = 0
  for (const { sessions } of cells) {
    for (const { id } of sessions) if (id > greatest) greatest = id
  }
  const flags = new Uint8Array(greatest + 1)
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

/** A session without any call counts for what it is itself. */
function addSessions(table: PartTable, cells: UsageCells, readers: readonly NameReader[]): void {
  for (const [place, { id }] of cells.sessions.entries()) {
    noteSession(
      table.partOf(
        readers.map((reader) => reader.nameOf(place, 0)),
        cells,
        0,
      ),
      id,
    )
  }
}

function addRows(table: PartTable, cells: UsageCells, readers: readonly NameReader[]): void {
  const { sessions, sessionAt, figures } = cells
  const names: Name[] = []
  for (let row = 0; row < sessionAt.length; row += 1) {
    const place = sessionAt[row] ?? 0
    for (let at = 0; at < readers.length; at += 1) {
      names[at] = readers[at]?.nameOf(place, row) ?? null
    }
    const part = table.partOf(names, cells, row)
    table.add(part.at, figures, row * WIDTH)
    noteSession(part, sessions[place]?.id ?? 0)
  }
}

type Name = string | null

/** What is added up of one part. There may be a part for each commit of a year, so it is kept small. */
interface PartDraft {
  readonly first: Name
  readonly second: Name
  /** Where its figures stand. */
  readonly at: number
  /** The first row of it. */
  readonly cells: UsageCells
  readonly row: number
  /** The id of its first session, and those of others; one may be there several times. */
  session: number
  more?: number[]
}

/** No session has this number. */
const NO_SESSION = 0

function noteSession(part: PartDraft, id: number): void {
  if (part.session === NO_SESSION) part.session = id
  if (id === part.session) return
  if (part.more === undefined) part.more = [id]
  else if (part.more.at(-1) !== id) part.more.push(id)
}

/** Distinct ones. */
function countSessions({ session, more }: PartDraft): number {
  if (session === NO_SESSION) return 0
  return more === undefined ? 1 : new Set(more).add(session).size
}

/** Parts by their names; their figures stand in one array, since there may be a part for each commit. */
interface PartTable {
  /** The part of these names; the row is one of it. */
  partOf(names: readonly Name[], cells: UsageCells, row: number): PartDraft
  namesOf(part: PartDraft): readonly Name[]
  all(): readonly PartDraft[]
  /** Adds figures that begin at a place of an array. */
  add(at: number, figures: Float64Array, start: number): void
  costOf(at: number): number
  /** Whether anything of it is shown: failed calls alone are not. */
  isSomething(at: number): boolean
  sumsOf(places: readonly number[]): Sums
}

function createParts(groups: number): PartTable {
  const parts: PartDraft[] = []
  const byName = new Map<Name, PartDraft>()
  const byNames = new Map<Name, Map<Name, PartDraft>>()
  let figures = new Float64Array(64 * WIDTH)

  function newPart(names: readonly Name[], cells: UsageCells, row: number): PartDraft {
    const at = parts.length * WIDTH
    if (at >= figures.length) {
      const larger = new Float64Array(figures.length * 2)
      larger.set(figures)
      figures = larger
    }
    const [first = null, second = null] = names
    const part: PartDraft = { first, second, at, cells, row, session: NO_SESSION }
    parts.push(part)
    return part
  }

  function within(first: Name): Map<Name, PartDraft> {
    const known = byNames.get(first)
    if (known !== undefined) return known
    const row = new Map<Name, PartDraft>()
    byNames.set(first, row)
    return row
  }

  return {
    partOf: (names, cells, row) => {
      const of = groups < 2 ? byName : within(names[0] ?? null)
      const name = names[groups < 2 ? 0 : 1] ?? null
      const known = of.get(name)
      if (known !== undefined) return known
      const part = newPart(names, cells, row)
      of.set(name, part)
      return part
    },
    namesOf: ({ first, second }) => (groups < 2 ? [first] : [first, second]),
    all: () => parts,
    add: (at, from, start) => {
      for (let n = 0; n < WIDTH; n += 1) {
        figures[at + n] = (figures[at + n] ?? 0) + (from[start + n] ?? 0)
      }
    },
    costOf: (at) => figures[at] ?? 0,
    isSomething: (at) => {
      for (const n of SHOWN_FIGURES) if ((figures[at + n] ?? 0) !== 0) return true
      return false
    },
    sumsOf: (places) => {
      const sum = new Float64Array(WIDTH)
      for (const at of places) {
        for (let n = 0; n < WIDTH; n += 1) sum[n] = (sum[n] ?? 0) + (figures[at + n] ?? 0)
      }
      return sumsIn(sum)
    },
  }
}

/** Places of what is shown of a part: its cost, tokens and calls. */
const SHOWN_FIGURES = (
  ['costUsd', 'input', 'output', 'cacheRead', 'cacheCreation', 'calls'] as const
).map((name) => FIGURES.indexOf(name))

function sumsIn(figures: Float64Array): Sums {
  const sums = emptySums()
  for (const [at, name] of FIGURES.entries()) {
    const value = figures[at] ?? 0
    // Adding 0 turns -0 into 0.
    sums[name] = (at < MONEY.length ? value / UNITS_PER_USD : value) + 0
  }
  return sums
}

/** Sessions that are in no part, as the newest slice has them. */
function idleOf(
  slices: readonly UsageCells[],
  seen: IdSet,
  shown: readonly PartDraft[],
  groups: readonly UsageGroup[],
  readers: readonly NameReader[],
): readonly GroupPart[] {
  const called = createIdSet(slices)
  for (const { session, more = [] } of shown) {
    called.add(session)
    for (const id of more) called.add(id)
  }
  if (called.count() === seen.count()) return []
  const table = createParts(groups.length)
  for (const cells of slices.toReversed()) {
    for (const [place, { id }] of cells.sessions.entries()) {
      if (called.has(id)) continue
      called.add(id)
      const names = groups.map((group, at) => {
        if (!isOfSessions(group)) return NO_CALLS
        readers[at]?.begin(cells)
        return readers[at]?.nameOf(place, 0) ?? null
      })
      noteSession(table.partOf(names, cells, 0), id)
    }
  }
  return table.all().map((part) => ({
    names: table.namesOf(part),
    links: groups.map(() => null),
    sums: emptySums(),
    sessions: countSessions(part),
  }))
}

/** Says under which name of a group a row counts. */
interface NameReader {
  /** What follows is asked of these cells. */
  begin(cells: UsageCells): void
  /** Of a row, and the place of its session; null where it has none. */
  nameOf(place: number, row: number): string | null
  /** Where a name leads, which a row has. */
  linkOf?(name: string | null, cells: UsageCells, row: number): string | null
}

function createNameReader({ source }: UsageGroup, naming: Naming): NameReader {
  let cells: UsageCells | undefined
  /** Names of the sessions, by their place. */
  let ofSessions: readonly (string | null)[] = []
  const bySession = (
    nameOf: (session: ActiveSession, attributes: Attributes) => string | null,
  ) => ({
    begin: (next: UsageCells) => {
      if (next === cells) return
      cells = next
      ofSessions = next.sessions.map((session) =>
        nameOf(session, next.attributes.get(session.id) ?? NO_ATTRIBUTES),
      )
    },
    nameOf: (place: number) => ofSessions[place] ?? null,
  })
  const byRow = (nameOf: (cells: UsageCells, row: number) => string | null) => ({
    begin: (next: UsageCells) => {
      cells = next
    },
    nameOf: (_: number, row: number) => (cells === undefined ? null : nameOf(cells, row)),
  })
  switch (source.of) {
    case 'model':
      return byRow(({ models }, row) => models[row] ?? null)
    case 'call':
      return byRow(({ sets }, row) => sets[row]?.[source.dimension] ?? null)
    case 'session': {
      const field = source.field === 'user' ? 'userId' : source.field
      return bySession((session) => session[field] ?? null)
    }
    case 'attribute':
      return bySession((_, attributes) => firstOf(attributes, source.keys))
    case 'work':
      return createWorkReader(source.field, naming)
  }
}

const NO_ATTRIBUTES: Attributes = {}

function firstOf(attributes: Attributes, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = attributes[key]
    if (value !== undefined && value !== '') return value
  }
  return null
}

/** By the stretch of work that a row is of; sessions of earlier versions have what they were labelled with. */
function createWorkReader(field: WorkField, { ticketOf, pullRequestOf }: Naming): NameReader {
  let cells: UsageCells | undefined

  function labelOf(of: UsageCells, place: number, keys: readonly string[]): string | null {
    return firstOf(of.attributes.get(of.sessions[place]?.id ?? 0) ?? NO_ATTRIBUTES, keys)
  }

  function repositoryOf(of: UsageCells, place: number, work: WorkOfSession | undefined) {
    return work?.repository ?? labelOf(of, place, ATTRIBUTE_NAMES.repository)
  }

  function branchOf(of: UsageCells, place: number, work: WorkOfSession | undefined) {
    if (work !== undefined) return work.branch ?? null
    return labelOf(of, place, ATTRIBUTE_NAMES.branch)
  }

  return {
    begin: (next) => {
      cells = next
    },
    nameOf: (place, row) => {
      if (cells === undefined) return null
      const work = cells.work[row]
      switch (field) {
        case 'repository':
          return repositoryOf(cells, place, work)
        case 'branch':
          return branchOf(cells, place, work)
        case 'ticket': {
          const branch = branchOf(cells, place, work)
          return branch === null ? null : (ticketOf(branch) ?? null)
        }
        case 'pullRequest':
          return pullRequestOf({
            session: cells.sessions[place]?.id ?? 0,
            segment: Number(cells.sets[row]?.segment ?? 0),
            repository: repositoryOf(cells, place, work),
            branch: branchOf(cells, place, work),
          })
        case 'commit':
          return work?.commit?.name ?? null
      }
    },
    linkOf: (name, of, row) => {
      if (name === null) return null
      if (field === 'pullRequest') return name.startsWith('http') ? name : null
      const work = of.work[row]
      return field === 'commit' && work !== undefined ? (commitUrl(work) ?? null) : null
    },
  }
}
