/** Ways to the sessions that began just before this one, and just after it. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api } from '../../api/contract/api.ts'
import type { SessionRow } from '../../api/contract/session-list.ts'
import { ask } from '../ask.ts'
import { sessionPath } from '../session-path.ts'

/** Sessions that began earlier and still went on are among those that follow. */
const MAX_SIDE_BY_SIDE = 200

export function SessionNeighbours({ session }: { readonly session: SessionRow }) {
  const { key, firstMs } = session
  const before = useQuery({
    queryKey: ['sessions', 'before', key, firstMs],
    queryFn: ({ signal }) =>
      ask(api.sessions, { query: { to: firstMs, sort: 'first', order: 'desc', limit: 1 }, signal }),
  })
  const after = useQuery({
    queryKey: ['sessions', 'after', key, firstMs],
    queryFn: ({ signal }) =>
      ask(api.sessions, {
        query: { from: firstMs, sort: 'first', order: 'asc', limit: MAX_SIDE_BY_SIDE },
        signal,
      }),
  })
  const previous = before.data?.sessions[0]
  const next = after.data?.sessions.find((row) => row.firstMs > firstMs)
  return (
    <nav className="neighbours" aria-label="Neighbouring sessions">
      <Neighbour session={previous} label="← Previous" />
      <Neighbour session={next} label="Next →" />
    </nav>
  )
}

function Neighbour({
  session,
  label,
}: {
  readonly session: SessionRow | undefined
  readonly label: string
}) {
  if (session === undefined) return null
  return (
    <Link href={sessionPath(session.key)} title={session.title ?? session.sessionId}>
      {label}
    </Link>
  )
}
