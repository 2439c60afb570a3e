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
import { addSums, emptySums, isSomething, type Sums } from './sums.ts'
import { sumsOf } from './usage-sums.ts'

type Attributes = Readonly<Record<string, string>>

export interface UsageCells {
  readonly sessions: readonly ActiveSession[]
  /** Of those that have any of the attributes asked for, by the session's number. */
  readonly attributes: ReadonlyMap<number, Attributes>
  /** What they worked on, by the session's number, then by segment as dimensions have it. */
  readonly work: ReadonlyMap<number, ReadonlyMap<string, WorkOfSession>>
  /** Of each row: the place of its session in `sessions`, its model, and its set of dimensions. */
  readonly sessionAt: Uint32Array
  /** Where each stood among the rows that were read. */
  readonly rows: readonly number[]
  readonly models: readonly string[]
  readonly sets: readonly UsageDimensions[]
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
  return {
    sessions,
    attributes: told,
    work: new Map(
      [...Map.groupBy(work, ({ session }) => session)].map(([session, own]) => [
        session,
        new Map(own.map((one) => [segmentName(one.segment), one])),
      ]),
    ),
    sessionAt,
    rows: [...rows.keys()],
    models: rows.map(({ model }) => model),
    sets: rows.map(({ dimensions }) => dimensions),
    figures,
  }
}

/** The first segment is that of calls that name none. */
function segmentName(segment: number): string {
  return segment === 0 ? '' : String(segment)
}

/** Rows, and the sessions, which take about as much. */
export function countCells({ models, sessions }: UsageCells): number {
  return models.length + sessions.length + 1
}

/** What falls to one name of a group, or to one pair of names; null is what names none. */
export interface GroupPart {
  readonly names: readonly (string | null)[]
  readonly sums: Sums
  readonly sessions: number
}

/** What names are found by, beside what is stored of each session. */
export interface Naming {
  readonly ticketOf: TicketOf
  readonly pullRequestOf: PullRequestOf
}

export interface GroupedUse {
  /** The most expensive first. They add up to the whole. */
  readonly parts: readonly GroupPart[]
  /** Sessions without a call that could fall to a name, by those that they have of the session alone. */
  readonly idle: readonly GroupPart[]
  /** Where names lead, for each group: of pull requests and commits. */
  readonly links: readonly ReadonlyMap<string, string>[]
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
  conditions?: NamedConditions,
): GroupedUse {
  const table = createParts()
  const readers = groups.map((group) => createNameReader(group, naming))
  const seen: SeenSessions = new Map()
  for (const { sums } of slices) {
    const cells = conditions === undefined ? sums : matchingCells(sums, conditions)
    for (const reader of readers) reader.begin(cells)
    for (const [place, { id }] of cells.sessions.entries()) seen.set(id, { cells, place })
    if (groups.every(isOfSessions)) addSessions(table, cells, readers)
    addRows(table, cells, readers)
  }
  const parts = table.all().map((part) => ({ ...part, sums: sumsIn(part.figures) }))
  const total = emptySums()
  for (const { sums } of parts) addSums(total, sums)
  // Failed calls alone make no part by what they were made for: nothing that is shown falls to it.
  const isShown = groups.every(({ source }) => source.of !== 'call' && source.of !== 'work')
  const shown = parts.filter(({ sums }) => isShown || isSomething(sums))
  const called = new Set(shown.flatMap(({ sessions }) => sessions))
  return {
    parts: shown
      .map(({ names, sums, sessions }) => ({ names, sums, sessions: new Set(sessions).size }))
      .sort((a, b) => b.sums.costUsd - a.sums.costUsd),
    idle: idleOf(seen, called, groups, readers),
    links: readers.map(({ links = new Map() }) => links),
    sums: total,
    sessions: seen.size,
  }
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
    figures,
  }
}

/** Where each session stands in the newest slice that has it, by its number. */
type SeenSessions = Map<number, { readonly cells: UsageCells; readonly place: number }>

/** A session without any call counts for what it is itself. */
function addSessions(
  table: PartTable,
  { sessions }: UsageCells,
  readers: readonly NameReader[],
): void {
  for (const [place, { id }] of sessions.entries()) {
    noteSession(table.partOf(readers.map((reader) => reader.nameOf(place, 0))), id)
  }
}

function addRows(table: PartTable, cells: UsageCells, readers: readonly NameReader[]): void {
  const { sessions, sessionAt, figures } = cells
  const names: (string | null)[] = []
  for (let row = 0; row < sessionAt.length; row += 1) {
    const place = sessionAt[row] ?? 0
    for (const [at, reader] of readers.entries()) names[at] = reader.nameOf(place, row)
    const part = table.partOf(names)
    const start = row * WIDTH
    for (let at = 0; at < WIDTH; at += 1) {
      part.figures[at] = (part.figures[at] ?? 0) + (figures[start + at] ?? 0)
    }
    noteSession(part, sessions[place]?.id ?? 0)
  }
}

/** What is added up of one part. */
interface PartDraft {
  readonly names: readonly (string | null)[]
  readonly figures: Float64Array
  /** Ids; a session may be there several times. */
  readonly sessions: number[]
}

function noteSession({ sessions }: PartDraft, id: number): void {
  if (sessions.at(-1) !== id) sessions.push(id)
}

type Name = string | null

/** Parts by their names, of which there is one or two. */
interface PartTable {
  partOf(names: readonly Name[]): PartDraft
  all(): readonly PartDraft[]
}

function createParts(): PartTable {
  const parts = new Map<Name, Map<Name, PartDraft>>()
  return {
    partOf: (names) => {
      const [first = null, second = null] = names
      let row = parts.get(first)
      if (row === undefined) {
        row = new Map()
        parts.set(first, row)
      }
      let part = row.get(second)
      if (part === undefined) {
        part = { names: [...names], figures: new Float64Array(WIDTH), sessions: [] }
        row.set(second, part)
      }
      return part
    },
    all: () => [...parts.values()].flatMap((row) => [...row.values()]),
  }
}

function sumsIn(figures: Float64Array): Sums {
  const sums = emptySums()
  for (const [at, name] of FIGURES.entries()) {
    const value = figures[at] ?? 0
    // Adding 0 turns -0 into 0.
    sums[name] = (at < MONEY.length ? value / UNITS_PER_USD : value) + 0
  }
  return sums
}

function idleOf(
  seen: SeenSessions,
  called: ReadonlySet<number>,
  groups: readonly UsageGroup[],
  readers: readonly NameReader[],
): readonly GroupPart[] {
  if (called.size === seen.size) return []
  const table = createParts()
  for (const [id, { cells, place }] of seen) {
    if (called.has(id)) continue
    const names = groups.map((group, at) => {
      if (!isOfSessions(group)) return NO_CALLS
      readers[at]?.begin(cells)
      return readers[at]?.nameOf(place, 0) ?? null
    })
    noteSession(table.partOf(names), id)
  }
  return table
    .all()
    .map(({ names, sessions }) => ({ names, sums: emptySums(), sessions: sessions.length }))
}

/** Says under which name of a group a row counts. */
interface NameReader {
  /** What follows is asked of these cells. */
  begin(cells: UsageCells): void
  /** Of a row, and the place of its session; null where it has none. */
  nameOf(place: number, row: number): string | null
  /** Where the names given so far lead. */
  readonly links?: ReadonlyMap<string, string>
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
  const links = new Map<string, string>()
  let cells: UsageCells | undefined
  /** Names of stretches, by the place of their session, since many rows are of one. */
  let known: (Map<string, string | null> | undefined)[] = []

  function nameIn(of: UsageCells, place: number, segment: string): string | null {
    const session = of.sessions[place]?.id ?? 0
    const work = of.work.get(session)?.get(segment)
    const attributes = of.attributes.get(session) ?? NO_ATTRIBUTES
    const repository = work?.repository ?? firstOf(attributes, ATTRIBUTE_NAMES.repository)
    const labelled = work === undefined ? firstOf(attributes, ATTRIBUTE_NAMES.branch) : null
    const branch = work?.branch ?? labelled
    switch (field) {
      case 'repository':
        return repository
      case 'branch':
        return branch
      case 'ticket':
        return branch === null ? null : (ticketOf(branch) ?? null)
      case 'pullRequest': {
        const name = pullRequestOf({ session, segment: Number(segment), repository, branch })
        return linked(name, name?.startsWith('http') === true ? name : undefined)
      }
      case 'commit':
        return linked(work?.commit?.name ?? null, work && commitUrl(work))
    }
  }

  function linked(name: string | null, url: string | undefined): string | null {
    if (name !== null && url !== undefined) links.set(name, url)
    return name
  }

  return {
    links,
    begin: (next) => {
      if (next === cells) return
      cells = next
      known = []
    },
    nameOf: (place, row) => {
      if (cells === undefined) return null
      const segment = cells.sets[row]?.segment ?? ''
      const names = known[place] ?? new Map<string, string | null>()
      known[place] = names
      const name = names.get(segment)
      if (name !== undefined) return name
      const found = nameIn(cells, place, segment)
      names.set(segment, found)
      return found
    },
  }
}
