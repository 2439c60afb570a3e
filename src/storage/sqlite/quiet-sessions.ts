/**
 * Keys of open sessions, longest quiet first. They are closed a few at a time, and looking for the
 * quietest reads all that are open, so some are remembered for the next time. Those that were heard
 * of or closed since are left out; one that was not among them is quiet for less long.
 */
import { sql } from 'kysely'
import type { SessionKey } from '../../domain/identity.ts'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'

const REMEMBERED = 1000

export function createQuietSessions(
  connection: Connection,
): (limit: number) => readonly SessionKey[] {
  const { kysely } = connection
  const isOpen = sql<boolean>`deadline_ms is not null`
  const quietest = prepare(connection, ({ limit }: { limit: number }) =>
    kysely
      .selectFrom('sessions')
      .select(['session_key', 'last_ms'])
      .where(isOpen)
      .orderBy('last_ms')
      .limit(limit),
  )
  const find = prepare(connection, ({ key }: { key: SessionKey }) =>
    kysely.selectFrom('sessions').select('last_ms').where('session_key', '=', key).where(isOpen),
  )
  let remembered: ReturnType<typeof quietest.all> = []

  function stillQuiet(limit: number): ReturnType<typeof quietest.all> {
    let checked = 0
    const found: ReturnType<typeof quietest.all> = []
    for (const session of remembered) {
      if (found.length === limit) break
      checked += 1
      const now = find.get({ key: session.session_key })
      if (now?.last_ms === session.last_ms) found.push(session)
    }
    remembered = [...found, ...remembered.slice(checked)]
    return found
  }

  return (limit) => {
    let found = stillQuiet(limit)
    if (found.length < limit) {
      remembered = quietest.all({ limit: Math.max(limit, REMEMBERED) })
      found = remembered.slice(0, limit)
    }
    return found.map((session) => session.session_key)
  }
}
