/** A session as lists show it. */
import type { SessionRow, SessionList, SessionListQuery } from '../api/contract/session-list.ts'
import { cutText, countWithin, MAX_LIST_BYTES } from './answer-bounds.ts'
import { costsOf } from './sums.ts'
import { searchTermsOf } from '../domain/search-words.ts'
import { ok, type Result } from '../domain/result.ts'
import type {
  ListedSession,
  SessionFilter,
  SessionQuestion,
  StoreReader,
} from '../storage/store-reader.ts'
import type { BadCursor } from '../api/queries.ts'
import { labelWithin, nameWithin } from '../processors/bounded-name.ts'
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

export async function listSessions(
  deps: SessionListDeps,
  { cursor, limit, ...asked }: SessionListQuery,
  pause: Pause,
): Promise<Result<SessionList, BadCursor>> {
  const { reader } = deps
  const place = cursor === undefined ? ok(undefined) : readCursor(asked, cursor)
  if (!place.ok) return place
  const ids = await askedIds(deps, asked, pause)
  const question: SessionQuestion = {
    filter: {
      ...filterOf(asked),
      withEmpty: asked.empty === 'shown',
      ...(ids !== undefined && { ids }),
    },
    fromMs: asked.from,
    toMs: asked.to,
    state: asked.state,
    order: asked.sort,
    direction: asked.order,
  }
  const isNone = ids?.length === 0
  const found = isNone ? [] : await reader.lists.page(question, place.value, limit + 1)
  const rows = found.slice(0, limit).map(sessionRowOf)
  const sessions = rows.slice(0, countWithin(rows, MAX_LIST_BYTES))
  const last = found[sessions.length - 1]
  const hasMore = found.length > sessions.length && last !== undefined
  return ok({
    sessions,
    nextCursor: hasMore ? writeCursor(asked, { value: last.place, id: last.id }) : null,
    total: await totalOf(reader, question, { isWhole: cursor === undefined && !hasMore, sessions }),
    ...(asked.search !== '' && { isIndexing: await reader.search.isCatchingUp() }),
  })
}

export interface SessionListDeps {
  readonly reader: StoreReader
  readonly slices: UsageSlices
  readonly ticketOf: TicketOf
}

/** How many there are of a question; counted only where the first page is not all of it. */
async function totalOf(
  { lists }: StoreReader,
  question: SessionQuestion,
  { isWhole, sessions }: { readonly isWhole: boolean; readonly sessions: readonly SessionRow[] },
): Promise<number> {
  if (isWhole || question.filter.ids?.length === 0) return sessions.length
  return lists.count(question)
}

/** The numbers of the sessions that a search and conditions leave; undefined where there are neither. */
async function askedIds(
  deps: SessionListDeps,
  asked: Omit<SessionListQuery, 'cursor' | 'limit'>,
  pause: Pause,
): Promise<readonly number[] | undefined> {
  const conditions = await conditionsOf(deps, asked.where)
  const matching = conditions && (await matchingSessions(deps, asked, conditions, pause))
  if (asked.search === '') return matching && [...matching]
  const found = await searchedSessions(deps.reader, asked.search, pause)
  return matching === undefined ? found : found.filter((id) => matching.has(id))
}

/** Those that have all terms of a search in them. */
async function searchedSessions(
  { search }: StoreReader,
  text: string,
  pause: Pause,
): Promise<readonly number[]> {
  // The longest first: it is the rarest, more or less.
  const [first, ...others] = searchTermsOf(text).toSorted(
    (a, b) => b.words.join(' ').length - a.words.join(' ').length,
  )
  if (first === undefined) return []
  let found = await search.find(first)
  for (const term of others) {
    if (found.length === 0) break
    await pause()
    const also = new Set(await search.find(term))
    found = found.filter((id) => also.has(id))
  }
  return found
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

/**
 * A filter as the API takes it, in the store's terms. Whoever asks for a whole name that was cut when it
 * arrived asks for what is kept of it.
 */
export function filterOf(filter: Filter): SessionFilter {
  const { agent, project, team, user, model, attribute } = filter
  return {
    agent: agent && nameWithin(agent),
    // Both are labels.
    project: project && labelWithin(project),
    team: team && labelWithin(team),
    user: user && nameWithin(user),
    model: model && nameWithin(model),
    attributes: attribute.map(attributeOf),
  }
}

function attributeOf(text: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf('=')
  return { key: text.slice(0, at), value: labelWithin(text.slice(at + 1)) }
}
