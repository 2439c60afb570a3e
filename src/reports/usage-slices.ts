/** What is remembered of past days: sums for the overview, and the rows that groups are made of. */
import type { Owner } from '../domain/access.ts'
import type { SessionFilter, UsageReader } from '../storage/store-reader.ts'
import type { Span, UsageSlice } from '../storage/usage-slice.ts'
import { type Conditions, matchingIn } from './conditions.ts'
import type { Pause } from './pause.ts'
import {
  createRememberedSlices,
  REMEMBERED_FOR_MS,
  type RememberedSlices,
  type SliceOf,
} from './remembered-slices.ts'
import { createGroupColumns, type GroupColumns } from './group-columns.ts'
import { createPullRequests, type KnownPullRequests } from './pull-requests.ts'
import { USUAL_ATTRIBUTES } from './group-naming.ts'
import { cellsOf, countCells, type UsageCells, withAttributes } from './usage-cells.ts'
import { createCohorts, type SliceSums, sliceSums } from './usage-sums.ts'

/**
 * Sessions in sums, some 100 bytes each with what they are listed in, and as many again for what else a
 * slice has: a year of a team of thirty, its last weeks by the hour, and the year of several filters.
 */
const MAX_SUMS = 400_000
const SESSIONS_OF_SLICE = 20
/** Sessions with attributes that are asked for by name, some 200 bytes each: two of a year. */
const MAX_NAMED_SESSIONS = 120_000
/** Rows of cells, some 150 bytes each: a year of a team of thirty, and its last weeks by the hour. */
const MAX_CELLS = 400_000
/**
 * How long where a replica of the database is read: what is read after a change was told may still be of
 * the time before it.
 */
export const REMEMBERED_OF_REPLICA_MS = 60_000

export type Slice = SliceOf<SliceSums>
export type CellSlice = SliceOf<UsageCells>

export interface UsageSlices
  extends Pick<RememberedSlices<unknown>, 'changed' | 'regrouped' | 'clear'> {
  /** The slices of a range that have something, in order. `spanAt` says which slice a time lies in. */
  read(
    filter: SessionFilter,
    range: Span,
    spanAt: (ms: number) => Span,
    pause?: Pause,
    conditions?: Conditions,
  ): Promise<readonly Slice[]>
  /** The same as rows, with these resource attributes of their sessions. */
  cells(
    filter: SessionFilter,
    attributeKeys: readonly string[],
    range: Span,
    spanAt: (ms: number) => Span,
    pause?: Pause,
  ): Promise<readonly CellSlice[]>
  /** Which pull request work was for, of an owner's sessions if one is named. */
  pullRequests(owner?: Owner): Promise<KnownPullRequests>
  /** Of the rows. */
  readonly columns: GroupColumns
}

interface UsageSlicesDeps {
  readonly usage: UsageReader
  readonly now: () => number
  readonly rememberedForMs?: number
}

/** Of a slice from which everything was deleted meanwhile. */
const NO_CELLS = cellsOf({ sessions: [], models: [], tools: [], activity: [], made: [] }, [], [])

export function createUsageSlices({ usage, now, rememberedForMs }: UsageSlicesDeps): UsageSlices {
  const cohortOf = createCohorts()
  const shared = { usage, now, rememberedForMs }
  const sums = createRememberedSlices<SliceSums>({
    ...shared,
    weightOf: ({ sessions }) => sessions.length + SESSIONS_OF_SLICE,
    maxWeight: MAX_SUMS,
  })
  const cells = createRememberedSlices<UsageCells>({
    ...shared,
    weightOf: countCells,
    maxWeight: MAX_CELLS,
  })
  /** With attributes that are asked for by name: the rows are those of `cells`. */
  const moreCells = createRememberedSlices<UsageCells>({
    ...shared,
    weightOf: ({ sessions }) => sessions.length + 1,
    maxWeight: MAX_NAMED_SESSIONS,
  })
  const all = [sums, cells, moreCells]
  /** By owner. Whatever changes work regroups what counts for it. */
  const pullRequests = new Map<
    string,
    { readonly known: KnownPullRequests; readonly readAtMs: number }
  >()
  let changes = 0

  function forgetPullRequests(): void {
    changes += 1
    pullRequests.clear()
  }

  /** What fulfils conditions; tools and activity are those of the sessions that do. */
  function matching(filter: SessionFilter, conditions: Conditions) {
    const readAll = usage.reader(filter)
    return async (span: Span): Promise<UsageSlice> => {
      const used = await readAll(span)
      const ids = used.sessions.map(({ id }) => id)
      const attributes = await usage.attributes(ids, conditions.attributeKeys)
      const whole = cellsOf(used, attributes, await usage.work(ids))
      const found = matchingIn(used, whole, conditions)
      const own = { ...filter, ids: found.sessions.map(({ id }) => id) }
      const { tools, activity, made } = await usage.reader(own)(span)
      return { ...found, tools, activity, made }
    }
  }

  function usualCells(
    filter: SessionFilter,
    range: Span,
    spanAt: (ms: number) => Span,
    pause: Pause | undefined,
  ): Promise<readonly CellSlice[]> {
    const readSlice = usage.reader(filter)
    return cells.read(
      JSON.stringify(filter),
      range,
      spanAt,
      async (span) => {
        const used = await readSlice(span)
        const ids = used.sessions.map(({ id }) => id)
        const attributes = await usage.attributes(ids, USUAL_ATTRIBUTES)
        return cellsOf(used, attributes, await usage.work(ids))
      },
      pause,
    )
  }

  return {
    columns: createGroupColumns(),
    read: (filter, range, spanAt, pause, conditions) => {
      const readSlice =
        conditions === undefined ? usage.reader(filter) : matching(filter, conditions)
      return sums.read(
        JSON.stringify([filter, conditions?.key]),
        range,
        spanAt,
        async (span) => {
          const slice = await readSlice(span)
          const ids = slice.sessions.map(({ id }) => id)
          return sliceSums(slice, await usage.results(ids), span, cohortOf)
        },
        pause,
      )
    },
    cells: (filter, attributeKeys, range, spanAt, pause) => {
      const more = attributeKeys.filter((key) => !USUAL_ATTRIBUTES.includes(key))
      if (more.length === 0) return usualCells(filter, range, spanAt, pause)
      return moreCells.read(
        JSON.stringify([filter, more]),
        range,
        spanAt,
        async (span) => {
          const [slice] = await usualCells(filter, span, spanAt, pause)
          if (slice === undefined) return NO_CELLS
          const ids = slice.sums.sessions.map(({ id }) => id)
          return withAttributes(slice.sums, await usage.attributes(ids, more))
        },
        pause,
      )
    },
    pullRequests: async (owner) => {
      const name = JSON.stringify(owner ?? null)
      const found = pullRequests.get(name)
      if (found !== undefined && now() - found.readAtMs < (rememberedForMs ?? REMEMBERED_FOR_MS)) {
        return found.known
      }
      const before = changes
      const work = await usage.pullRequests(owner)
      const known = { pullRequestOf: createPullRequests(work), version: `${before}` }
      if (changes === before) pullRequests.set(name, { known, readAtMs: now() })
      return known
    },
    changed: (rows) => {
      for (const each of all) each.changed(rows)
    },
    regrouped: (span) => {
      for (const each of all) each.regrouped(span)
      forgetPullRequests()
    },
    clear: () => {
      for (const each of all) each.clear()
      forgetPullRequests()
    },
  }
}
