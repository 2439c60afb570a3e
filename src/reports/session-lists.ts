/** A session as lists show it. */
import type { SessionRow, SessionList, SessionListQuery } from '../api/contract/session-list.ts'
import { cutText, countWithin, MAX_LIST_BYTES } from './answer-bounds.ts'
import { costsOf } from './sums.ts'
import { ok, type Result } from '../domain/result.ts'
import type {
  ListedSession,
  PlacedSession,
  SessionFilter,
  SessionPlace,
  SessionQuestion,
  StoreReader,
  TextSearch,
} from '../storage/store-reader.ts'
import type { BadCursor } from '../api/queries.ts'
import { readCursor, writeCursor } from './cursor.ts'
import type { Pause } from './pause.ts'
import type { Filter } from '../api/contract/filter.ts'
import type { TicketOf } from '../domain/ticket.ts'
import { bucketEndOf, bucketOf } from '../domain/usage.ts'
import { type Conditions, conditionsOf } from './conditions.ts'
import { dayOf } from './time-buckets.ts'
import type { UsageSlices } from './usage-slices.ts'

/** Of what agents name: longer than anything a person reads. */
const MAX_TEXT_LENGTH = 500

export function sessionRowOf(session: ListedSession): SessionRow {
  const { key, agent, sessionId, deadlineMs, closeReason, firstMs, lastMs } = session
  const { prompts, modelCalls, toolResults, errors } = session
  const tokens = {
    input: session.inputTokens,
    output: session.outputTokens,
    cacheRead: session.cacheReadTokens,
    cacheCreation: session.cacheCreationTokens,
  }
  return {
    key,
    agent,
    sessionId,
    title: cutOf(session.title),
    userId: cutOf(session.userId),
    project: cutOf(session.project),
    team: cutOf(session.team),
    ...(session.route !== undefined && { route: [...session.route] }),
    isOpen: deadlineMs !== undefined,
    closeReason: closeReason ?? null,
    firstMs,
    lastMs,
    // Stored by an earlier version it may not be a decimal yet.
    ...costsOf({ ...session, ...tokens, calls: modelCalls }),
    tokens,
    prompts,
    modelCalls,
    toolResults,
    errors,
  }
}

function cutOf(text: string | undefined): string | null {
  return text === undefined ? null : cutText(text, MAX_TEXT_LENGTH)
}

// `GET /api/sessions`: the list, and the search in it.

/** Sessions searched through at once: about ten milliseconds. */
const SEARCH_SLICE = 5000
/** The first ones of an order, which are searched before all others: a common word is found there. */
const FIRST_ONES = 200
/** What a search found is looked up if it is not more than this, else met on the way. */
const MAX_LOOKED_UP = 1000
/** Sessions of an order that are compared with what a search found, at once. */
const WALK_SLICE = 1000

export async function listSessions(
  deps: SessionListDeps,
  { cursor, limit, ...asked }: SessionListQuery,
  pause: Pause,
): Promise<Result<SessionList, BadCursor>> {
  const { reader } = deps
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
  const conditions = await conditionsOf(deps, asked.where)
  const matching = conditions && (await matchingSessions(deps, asked, conditions, pause))
  const of: Search = { reader, question, pause, matching }
  const found =
    asked.search === ''
      ? matching === undefined
        ? await reader.lists.page(question, place.value, wanted)
        : await walk(of, matching, place.value, wanted)
      : await search(of, asked.search, place.value, wanted)
  const rows = found.slice(0, limit).map(sessionRowOf)
  const sessions = rows.slice(0, countWithin(rows, MAX_LIST_BYTES))
  const last = found[sessions.length - 1]
  const hasMore = found.length > sessions.length && last !== undefined
  return ok({
    sessions,
    nextCursor: hasMore ? writeCursor(asked, { value: last.place, id: last.id }) : null,
  })
}

export interface SessionListDeps {
  readonly reader: StoreReader
  readonly slices: UsageSlices
  readonly ticketOf: TicketOf
}

interface Search {
  readonly reader: StoreReader
  readonly question: SessionQuestion
  readonly pause: Pause
  /** Only these; absent is all of the question. */
  readonly matching?: ReadonlySet<number> | undefined
}

/** Numbers of the sessions of a range that have something that fulfils conditions. */
async function matchingSessions(
  { reader, slices }: SessionListDeps,
  filter: Filter,
  conditions: Conditions,
  pause: Pause,
): Promise<ReadonlySet<number>> {
  const used = await reader.usage.bounds(Number.MAX_SAFE_INTEGER)
  if (used === undefined) return new Set()
  const range = {
    fromMs: Math.max(used.fromMs, bucketOf(filter.from ?? used.fromMs)),
    toMs: Math.min(used.toMs, bucketEndOf(filter.to ?? used.toMs)),
  }
  const spanAt = (ms: number) => dayOf(ms, 'UTC')
  const found = await slices.read(filterOf(filter), range, spanAt, pause, conditions)
  return new Set(found.flatMap(({ sums }) => sums.sessions.map(({ id }) => id)))
}

/** The sessions that have a text in them, in the order asked for, behind a place. */
async function search(
  of: Search,
  text: string,
  after: SessionPlace | undefined,
  wanted: number,
): Promise<readonly PlacedSession[]> {
  const { reader, question, pause, matching } = of
  const searched = reader.search.searchFor(text)
  const isAsked = (id: number): boolean => matching?.has(id) ?? true
  const first = await reader.lists.page(question, after, FIRST_ONES)
  const hits = await searched.among(first.map(({ id }) => id))
  const found = first.filter(({ id }) => hits.has(id) && isAsked(id))
  if (found.length >= wanted || first.length < FIRST_ONES) return found.slice(0, wanted)
  await pause()
  const all = await searchAll(of, searched)
  return walk(of, new Set([...all].filter(isAsked)), after, wanted)
}

/** In slices between which others run. */
async function searchAll(
  { reader: { search: index }, pause }: Search,
  searched: TextSearch,
): Promise<ReadonlySet<number>> {
  const found = new Set<number>()
  const endId = await index.endId()
  for (let fromId = 0; fromId < endId; fromId += SEARCH_SLICE) {
    for (const id of await searched.within(fromId, fromId + SEARCH_SLICE)) found.add(id)
    await pause()
  }
  return found
}

/** Those that were found, in the order asked for, behind a place. */
async function walk(
  { reader: { lists }, question, pause }: Search,
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
    await pause()
  }
}

// A filter as the API takes it, in the store's terms.

export function filterOf(filter: Filter): SessionFilter {
  const { agent, project, team, user, model, attribute } = filter
  return { agent, project, team, user, model, attributes: attribute.map(attributeOf) }
}

function attributeOf(text: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf('=')
  return { key: text.slice(0, at), value: text.slice(at + 1) }
}
