/** Sessions by what a person types of them: an id, its beginning, or the newest. */
import { ok, type Result } from '../domain/result.ts'
import type { Filter } from '../api/contract/filter.ts'
import type { SessionList, SessionListQuery, SessionRow } from '../api/contract/session-list.ts'
import type { StoreQueries } from '../api/queries.ts'
import { distinctNames, namedSessions } from '../reports/named-sessions.ts'
import { failed, type Failure } from './outcome.ts'
import { cutTo, plainLine } from './plain-text.ts'
import { shortId } from './session-table.ts'

type SessionLists = Pick<StoreQueries, 'sessions'>

/** What to do when no session was found. */
export const NO_SESSION_NEXT = 'See claude-telemetry sessions.'

const PAGE = 200
/** Of a session in a message. */
const MAX_TITLE_WIDTH = 60
/** Names shown where the beginning of an id fits several. */
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

/** The one session with that id or key, or that alone begins so. */
export async function findSession(
  lists: SessionLists,
  name: string,
): Promise<Result<SessionRow, Failure>> {
  // An unset variable of a script, and the beginning of every id.
  if (name === '') return failed('the session id is empty', NO_SESSION_NEXT)
  const found = await sessionsNamed(lists, name)
  const [first, another] = found
  if (first === undefined) return failed(`no session id starts with "${name}"`, NO_SESSION_NEXT)
  return another === undefined ? ok(first) : ambiguous(name, found)
}

/** All that a person may mean. */
export function sessionsNamed(lists: SessionLists, name: string): Promise<readonly SessionRow[]> {
  return namedSessions((question) => allSessions(lists, question), name)
}

function ambiguous(name: string, found: readonly SessionRow[]): Result<never, Failure> {
  const isWhole = found.every(({ sessionId }) => sessionId === name)
  const names = distinctNames(found).slice(0, isWhole ? undefined : MAX_NAMED)
  const more = found.length > names.length ? ', …' : ''
  return failed(
    `"${name}" matches more than one session: ${names.join(', ')}${more}`,
    isWhole ? 'Give the key of the one you mean.' : 'Give more of the id.',
  )
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
