/** `GET /api/sessions`: the list, and the search in it. */
import { setImmediate } from 'node:timers/promises'
import { ok, type Result } from '../domain/result.ts'
import type { PlacedSession, SessionPlace, SessionQuestion } from '../store/queries/session-list.ts'
import type { TextSearch } from '../store/queries/session-search.ts'
import type { StoreReader } from '../store/store-reader.ts'
import type { SessionList, SessionListQuery } from '../web/contract/session-list.ts'
import type { BadCursor } from '../web/web-queries.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { filterOf } from './filter-of.ts'
import { sessionRowOf } from './session-row.ts'

/** Sessions searched through at once: about ten milliseconds. */
const SEARCH_SLICE = 5000
/** The first ones of an order, which are searched before all others: a common word is found there. */
const FIRST_ONES = 200
/** What a search found is looked up if it is not more than this, else met on the way. */
const MAX_LOOKED_UP = 1000
/** Sessions of an order that are compared with what a search found, at once. */
const WALK_SLICE = 1000

export async function listSessions(
  reader: StoreReader,
  { cursor, limit, ...asked }: SessionListQuery,
): Promise<Result<SessionList, BadCursor>> {
  const place = cursor === undefined ? ok(undefined) : readCursor(asked, cursor)
  if (!place.ok) return place
  const question: SessionQuestion = {
    filter: { ...filterOf(asked), withEmpty: asked.empty === 'shown' },
    fromMs: asked.from,
    toMs: asked.to,
    state: asked.state,
    order: asked.sort,
    direction: asked.order,
  }
  const wanted = limit + 1
  const found =
    asked.search === ''
      ? await reader.lists.page(question, place.value, wanted)
      : await search(reader, question, asked.search, place.value, wanted)
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const hasMore = found.length > limit && last !== undefined
  return ok({
    sessions: page.map(sessionRowOf),
    nextCursor: hasMore ? writeCursor(asked, { value: last.place, id: last.id }) : null,
  })
}

/** The sessions that have a text in them, in the order asked for, behind a place. */
async function search(
  reader: StoreReader,
  question: SessionQuestion,
  text: string,
  after: SessionPlace | undefined,
  wanted: number,
): Promise<readonly PlacedSession[]> {
  const searched = reader.search.searchFor(text)
  const first = await reader.lists.page(question, after, FIRST_ONES)
  const hits = searched.among(first.map(({ id }) => id))
  const found = first.filter(({ id }) => hits.has(id))
  if (found.length >= wanted || first.length < FIRST_ONES) return found.slice(0, wanted)
  await setImmediate()
  return walk(reader, question, await searchAll(reader, searched), after, wanted)
}

/** In slices between which others run. */
async function searchAll(
  { search: index }: StoreReader,
  searched: TextSearch,
): Promise<ReadonlySet<number>> {
  const found = new Set<number>()
  const endId = index.endId()
  for (let fromId = 0; fromId < endId; fromId += SEARCH_SLICE) {
    for (const id of searched.within(fromId, fromId + SEARCH_SLICE)) found.add(id)
    await setImmediate()
  }
  return found
}

/** Those that were found, in the order asked for, behind a place. */
async function walk(
  { lists }: StoreReader,
  question: SessionQuestion,
  found: ReadonlySet<number>,
  after: SessionPlace | undefined,
  wanted: number,
): Promise<readonly PlacedSession[]> {
  if (found.size === 0) return []
  if (found.size <= MAX_LOOKED_UP) {
    return lists.page({ ...question, ids: [...found] }, after, wanted)
  }
  const kept: PlacedSession[] = []
  let place = after
  for (;;) {
    const page = await lists.page(question, place, WALK_SLICE)
    for (const session of page) if (found.has(session.id)) kept.push(session)
    const last = page.at(-1)
    if (kept.length >= wanted || last === undefined || page.length < WALK_SLICE) {
      return kept.slice(0, wanted)
    }
    place = { value: last.place, id: last.id }
    await setImmediate()
  }
}
