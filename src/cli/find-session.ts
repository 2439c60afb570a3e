/** Sessions by what a person types of them: an id, its beginning, or the newest. */
import { ok, type Result } from '../domain/result.ts'
import type { Filter } from '../api/contract/filter.ts'
import type { SessionList, SessionListQuery, SessionRow } from '../api/contract/session-list.ts'
import type { StoreQueries } from '../api/queries.ts'
import { failed, type Failure } from './outcome.ts'
import { cutTo, plainLine } from './plain-text.ts'
import { shortId } from './session-table.ts'

type SessionLists = Pick<StoreQueries, 'sessions'>

/** What to do when no session was found. */
export const NO_SESSION_NEXT = 'See claude-telemetry sessions.'

const PAGE = 200
/** Of a session in a message. */
const MAX_TITLE_WIDTH = 60
/** Names shown where a beginning fits several. */
const MAX_NAMED = 5

const newestFirst = {
  attribute: [],
  search: '',
  state: 'any',
  empty: 'hidden',
  sort: 'last',
  order: 'desc',
  limit: PAGE,
} as const satisfies SessionListQuery

/**
 * The one session whose id, or key, begins with that. One in which nothing happened is found where
 * no other fits.
 */
export async function findSession(
  lists: SessionLists,
  beginning: string,
): Promise<Result<SessionRow, Failure>> {
  // An unset variable of a script, and the beginning of every id.
  if (beginning === '') return failed('the session id is empty', NO_SESSION_NEXT)
  const listed = await sessionsBeginning(lists, beginning, 'hidden')
  const found = listed.length > 0 ? listed : await sessionsBeginning(lists, beginning, 'shown')
  const [first] = found
  if (first === undefined) {
    return failed(`no session id starts with "${beginning}"`, NO_SESSION_NEXT)
  }
  if (found.length === 1) return ok(first)
  // Owners may have sessions of one id: their keys tell them apart.
  const isShared = new Set(found.map(({ sessionId }) => sessionId)).size < found.length
  const names = found.slice(0, MAX_NAMED).map(({ key, sessionId }) => (isShared ? key : sessionId))
  const more = found.length > MAX_NAMED ? ', …' : ''
  return failed(
    `"${beginning}" matches more than one session: ${names.join(', ')}${more}`,
    'Give more of the id.',
  )
}

/** At most one more than are named; the one alone whose id it is. */
async function sessionsBeginning(
  lists: SessionLists,
  beginning: string,
  empty: SessionListQuery['empty'],
): Promise<readonly SessionRow[]> {
  const found: SessionRow[] = []
  // Of a key, the part that is the session's id: that is what the search looks through.
  const search = beginning.slice(beginning.indexOf('/') + 1).slice(0, PAGE)
  for await (const row of allSessions(lists, { search, empty })) {
    if (row.sessionId === beginning || row.key === beginning) return [row]
    const fits = row.sessionId.startsWith(beginning) || row.key.startsWith(beginning)
    if (fits && found.length <= MAX_NAMED) found.push(row)
  }
  return found
}

/** The one that was heard of last. */
export async function lastSession(lists: SessionLists): Promise<Result<SessionRow, Failure>> {
  for await (const row of allSessions(lists, {})) return ok(row)
  return failed('no session is stored yet', 'To find out why, run: claude-telemetry doctor')
}

/** Those named, or all that a filter lets through when none is. */
export async function selectSessions(
  lists: SessionLists,
  beginnings: readonly string[],
  filter: Filter & Partial<Pick<SessionListQuery, 'empty'>>,
): Promise<Result<readonly SessionRow[], Failure>> {
  const rows: SessionRow[] = []
  if (beginnings.length === 0) {
    for await (const row of allSessions(lists, filter)) rows.push(row)
    // As they happened.
    return ok(rows.reverse())
  }
  for (const beginning of beginnings) {
    const found = await findSession(lists, beginning)
    if (!found.ok) return found
    if (!rows.some(({ key }) => key === found.value.key)) rows.push(found.value)
  }
  return ok(rows)
}

/** All that a question finds. */
export async function* allSessions(
  lists: SessionLists,
  question: Partial<SessionListQuery>,
): AsyncGenerator<SessionRow, void> {
  for await (const { sessions } of sessionPages(lists, question)) yield* sessions
}

/** The same, page by page. */
export async function* sessionPages(
  lists: SessionLists,
  question: Partial<SessionListQuery>,
): AsyncGenerator<SessionList, void> {
  let cursor: string | undefined
  do {
    const asked = { ...newestFirst, attribute: [], ...question }
    const page = await lists.sessions({ ...asked, ...(cursor !== undefined && { cursor }) })
    if (!page.ok) throw new Error('a list does not know its own cursor')
    yield page.value
    cursor = page.value.nextCursor ?? undefined
  } while (cursor !== undefined)
}

/** `3f2a91c0 (Fix the login test)`, for messages. */
export function sessionName({ sessionId, title }: SessionRow): string {
  if (title === null) return shortId(sessionId)
  return `${shortId(sessionId)} (${cutTo(plainLine(title), MAX_TITLE_WIDTH)})`
}
