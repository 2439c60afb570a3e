/**
 * What was used within a slice of time as rows of one session, model and set of dimensions, kept in
 * columns so that a year of them is a few megabytes: what any group, or two at once, is made of. A row
 * refers to what it is of by numbers, so that grouping looks at each session, model, set of dimensions
 * and stretch of work once, however many rows it has.
 */
import { UNITS_PER_USD } from '../domain/exact-sum.ts'
import type { UsageDimensions } from '../domain/usage.ts'
import type { AttributeOfSession, WorkOfSession } from '../storage/store-reader.ts'
import type { ActiveSession, UsageSlice } from '../storage/usage-slice.ts'
import { emptySums, type Sums } from './sums.ts'
import { entry, projectOf, sumsOf } from './usage-sums.ts'

export type Attributes = Readonly<Record<string, string>>

/** Calls of a session in one stretch of its work, for one project. */
export interface Stretch {
  readonly session: ActiveSession
  readonly segment: number
  /** Where anything is known of it. */
  readonly work: WorkOfSession | undefined
  /** What these calls count for; one stretch may have those of several. */
  readonly project: string | null
}

/** Where the calls of a row have their name from. */
export type Axis = 'sessions' | 'models' | 'sets' | 'stretches'

export interface UsageCells {
  readonly sessions: readonly ActiveSession[]
  /** Their numbers. */
  readonly ids: Uint32Array
  readonly models: readonly string[]
  readonly sets: readonly UsageDimensions[]
  readonly stretches: readonly Stretch[]
  /** Of those that have any of the attributes asked for, by the session's number. */
  readonly attributes: ReadonlyMap<number, Attributes>
  /** Of each row, the place in each of the lists. */
  readonly places: Readonly<Record<Axis, Uint32Array>>
  /** Where each stood among the rows that were read. */
  readonly rows: Uint32Array
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

/** In the order in which they stand. */
export const FIGURES = [...MONEY, ...COUNTS] as const

/** Figures of `UsageCells` as sums. */
export function sumsIn(figures: Float64Array): Sums {
  const sums = emptySums()
  for (const [at, name] of FIGURES.entries()) {
    const value = figures[at] ?? 0
    // Adding 0 turns -0 into 0.
    sums[name] = (at < MONEY.length ? value / UNITS_PER_USD : value) + 0
  }
  return sums
}

export function cellsOf(
  { sessions, models: rows }: UsageSlice,
  attributes: readonly AttributeOfSession[],
  work: readonly WorkOfSession[],
): UsageCells {
  const width = FIGURES.length
  const figures = new Float64Array(rows.length * width)
  const places = emptyPlaces(rows.length)
  const sessionAt = new Map(sessions.map(({ id }, place) => [id, place]))
  const models = createList<string>()
  const sets = createList<UsageDimensions>()
  const stretches = createStretches(work)
  for (const [index, row] of rows.entries()) {
    const at = sessionAt.get(row.session)
    const session = at === undefined ? undefined : sessions[at]
    if (at === undefined || session === undefined) {
      throw new Error(`a row of usage is of session ${row.session}, which was not read with it`)
    }
    places.sessions[index] = at
    places.models[index] = models.placeOf(row.model)
    places.sets[index] = sets.placeOf(row.dimensions)
    places.stretches[index] = stretches.placeOf(session, row.dimensions)
    const sums = sumsOf(row)
    for (const [n, name] of FIGURES.entries()) {
      const isMoney = n < MONEY.length
      figures[index * width + n] = isMoney ? Math.round(sums[name] * UNITS_PER_USD) : sums[name]
    }
  }
  const told = new Map<number, Record<string, string>>()
  for (const { session, key, value } of attributes) {
    entry(told, session, (): Record<string, string> => ({}))[key] = value
  }
  return {
    sessions,
    ids: idsOf(sessions),
    models: models.all,
    sets: sets.all,
    stretches: stretches.all,
    attributes: told,
    places,
    rows: Uint32Array.from(rows.keys()),
    figures,
  }
}

/** The same rows with more attributes of their sessions. */
export function withAttributes(
  cells: UsageCells,
  attributes: readonly AttributeOfSession[],
): UsageCells {
  const all = new Map(cells.attributes)
  for (const { session, key, value } of attributes) {
    all.set(session, { ...all.get(session), [key]: value })
  }
  return { ...cells, attributes: all }
}

/** Rows, and the sessions, which take about as much. */
export function countCells({ rows, sessions }: UsageCells): number {
  return rows.length + sessions.length + 1
}

/** Those of the rows that are given by their places, and of the sessions. */
export function cellsAmong(
  cells: UsageCells,
  sessions: readonly number[],
  rows: readonly number[],
): UsageCells {
  const width = FIGURES.length
  const figures = new Float64Array(rows.length * width)
  for (const [at, row] of rows.entries()) {
    figures.set(cells.figures.subarray(row * width, (row + 1) * width), at * width)
  }
  const pick = (from: Uint32Array) => Uint32Array.from(rows, (row) => from[row] ?? 0)
  const sessionAt = new Map(sessions.map((before, place) => [before, place]))
  const before = cells.places
  const kept = sessions.flatMap((place) => cells.sessions[place] ?? [])
  return {
    ...cells,
    sessions: kept,
    ids: idsOf(kept),
    places: {
      sessions: pick(before.sessions).map((place) => sessionAt.get(place) ?? 0),
      models: pick(before.models),
      sets: pick(before.sets),
      stretches: pick(before.stretches),
    },
    rows: pick(cells.rows),
    figures,
  }
}

function idsOf(sessions: readonly ActiveSession[]): Uint32Array {
  return Uint32Array.from(sessions, ({ id }) => id)
}

function emptyPlaces(rows: number): Record<Axis, Uint32Array> {
  const empty = () => new Uint32Array(rows)
  return { sessions: empty(), models: empty(), sets: empty(), stretches: empty() }
}

/** Different ones, in the order in which they were asked for. */
function createList<T>() {
  const all: T[] = []
  const places = new Map<T, number>()
  return {
    all,
    placeOf: (value: T): number => entry(places, value, () => all.push(value) - 1),
  }
}

function createStretches(work: readonly WorkOfSession[]) {
  const all: Stretch[] = []
  const places = new Map<ActiveSession, Map<number | string, number>>()
  const known = new Map<number, Map<number, WorkOfSession>>()
  for (const one of work) {
    entry(known, one.session, () => new Map<number, WorkOfSession>()).set(one.segment, one)
  }
  return {
    all,
    placeOf: (session: ActiveSession, dimensions: UsageDimensions): number => {
      const segment = Number(dimensions.segment ?? 0)
      const project = projectOf(dimensions, session)
      const isUsual = project === (session.project ?? null)
      return entry(
        entry(places, session, () => new Map<number | string, number>()),
        isUsual ? segment : `${segment} ${project}`,
        () =>
          all.push({ session, segment, project, work: known.get(session.id)?.get(segment) }) - 1,
      )
    },
  }
}
