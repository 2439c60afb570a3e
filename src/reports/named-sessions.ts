/** Which sessions somebody means who gives an id, a key, or how one of them begins. */
import {
  MAX_SEARCH_LENGTH,
  type SessionListQuery,
  type SessionRow,
} from '../api/contract/session-list.ts'

/** More than a person reads; whether there is a second one is what matters. */
const MAX_NAMED = 20

/** All sessions that a question finds, the newest first. */
export type ListedSessions = (
  question: Pick<SessionListQuery, 'search' | 'empty'>,
) => AsyncIterable<SessionRow>

/**
 * The one with that key; else those with that id, of which each agent and each owner may have one;
 * else those that begin so. Of the last, one in which nothing happened counts where no other fits.
 */
export async function namedSessions(
  list: ListedSessions,
  name: string,
): Promise<readonly SessionRow[]> {
  // Of a key, the part that is the session's id: that is what the search looks through.
  const search = name.slice(name.indexOf('/') + 1).slice(0, MAX_SEARCH_LENGTH)
  const whole: SessionRow[] = []
  const beginning: SessionRow[] = []
  for await (const row of list({ search, empty: 'shown' })) {
    if (row.key === name) return [row]
    const fits = row.sessionId.startsWith(name) || row.key.startsWith(name)
    const rows = row.sessionId === name ? whole : beginning
    if (fits && rows.length < MAX_NAMED) rows.push(row)
  }
  if (whole.length > 0) return whole
  if (beginning.length <= 1) return beginning
  const eventful: SessionRow[] = []
  for await (const row of list({ search, empty: 'hidden' })) {
    const fits = row.sessionId.startsWith(name) || row.key.startsWith(name)
    if (fits && eventful.length < MAX_NAMED) eventful.push(row)
  }
  return eventful.length > 0 ? eventful : beginning
}

/** As what each of several is told apart: by its key where ids are not enough. */
export function distinctNames(sessions: readonly SessionRow[]): readonly string[] {
  const areIdsEnough = new Set(sessions.map(({ sessionId }) => sessionId)).size === sessions.length
  return sessions.map(({ key, sessionId }) => (areIdsEnough ? sessionId : key))
}
