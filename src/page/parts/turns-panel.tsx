/** A session's turns: the newest, and those before them for whoever wants them. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api } from '../../api/contract/api.ts'
import type { Session } from '../../api/contract/session.ts'
import { ask } from '../ask.ts'
import { formatCount, plural } from '../format/count.ts'
import { SessionFind, type Sought } from './session-find.tsx'
import { Panel } from './panel.tsx'
import { Empty, Failed } from './state.tsx'
import { TurnList } from './turn-list.tsx'

export function TurnsPanel({ data }: { readonly data: Session }) {
  const { session, turns: newest, omittedTurns, turnsCursor } = data
  const earlier = useInfiniteQuery({
    queryKey: ['session', session.key, 'turns', turnsCursor],
    queryFn: ({ pageParam }) =>
      ask(api.turns, { params: { key: session.key }, query: { cursor: pageParam } }),
    initialPageParam: turnsCursor ?? undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    enabled: false,
  })
  const pages = earlier.data?.pages ?? []
  const turns = [...pages.toReversed().flatMap((page) => page.turns), ...newest]
  const omitted = pages.at(-1)?.omittedTurns ?? omittedTurns
  const total = turns.length + omitted
  const [sought, setSought] = useState<Sought>()
  const showEarlier = (): void => {
    void (pages.length === 0 ? earlier.refetch() : earlier.fetchNextPage())
  }
  const isFar = sought !== undefined && omitted > 0 && !turns.some(({ key }) => key === sought.turn)
  useEffect(() => {
    if (isFar && !earlier.isFetching && !earlier.isError) showEarlier()
  })
  return (
    <Panel
      title="Turns"
      note={
        omitted > 0
          ? `the last ${formatCount(turns.length)} of ${plural(total, 'turn')}`
          : undefined
      }
    >
      {turns.length > 0 && <SessionFind sessionKey={session.key} onSeek={setSought} />}
      {omitted > 0 && (
        <p className="more">
          <button type="button" disabled={earlier.isFetching} onClick={showEarlier}>
            Show earlier turns
          </button>
        </p>
      )}
      {earlier.isError && <Failed error={earlier.error} />}
      {turns.length === 0 ? (
        <Empty>No prompt yet.</Empty>
      ) : (
        <TurnList sessionKey={session.key} turns={turns} sought={sought} />
      )}
    </Panel>
  )
}
