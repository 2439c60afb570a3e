/** A session's records as received, fetched only when someone wants them. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/contract/api.ts'
import { type RawEvent, SIGNALS } from '../../api/contract/raw-events.ts'
import { ask } from '../ask.ts'
import { exactMoment, formatClock } from '../format/moment.ts'
import { Panel } from './panel.tsx'
import { Empty, Failed, Loading } from './state.tsx'
import { WholeButton } from './whole-button.tsx'

export function RawEventsPanel({ sessionKey }: { readonly sessionKey: string }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Panel
      title="Raw events"
      note="as received"
      actions={
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Hide' : 'Show'}
        </button>
      }
    >
      {isOpen && <RawEvents sessionKey={sessionKey} />}
    </Panel>
  )
}

function RawEvents({ sessionKey }: { readonly sessionKey: string }) {
  const [signal, setSignal] = useState<RawEvent['signal']>()
  const list = useInfiniteQuery({
    queryKey: ['session', sessionKey, 'events', signal],
    queryFn: ({ pageParam, signal: abort }) =>
      ask(api.events, {
        params: { key: sessionKey },
        query: { signal, cursor: pageParam },
        signal: abort,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })
  const events = list.data?.pages.flatMap((page) => page.events)
  return (
    <div className="raw-events">
      <select
        aria-label="Signal"
        value={signal ?? ''}
        onChange={({ target }) => setSignal(SIGNALS.find((one) => one === target.value))}
      >
        <option value="">any signal</option>
        {SIGNALS.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      {list.isError && <Failed error={list.error} />}
      {list.isPending && <Loading />}
      {events?.length === 0 && <Empty>No events of this signal.</Empty>}
      <ol>
        {events?.map((event) => (
          <li key={event.id}>
            <RawEventRow sessionKey={sessionKey} event={event} />
          </li>
        ))}
      </ol>
      {list.hasNextPage && (
        <button type="button" onClick={() => void list.fetchNextPage()}>
          Show more
        </button>
      )}
    </div>
  )
}

function RawEventRow({
  sessionKey,
  event,
}: {
  readonly sessionKey: string
  readonly event: RawEvent
}) {
  const [isOpen, setOpen] = useState(false)
  const [isWanted, setWanted] = useState(false)
  const whole = useQuery({
    queryKey: ['session', sessionKey, 'event', event.id],
    queryFn: () => ask(api.event, { params: { key: sessionKey, id: String(event.id) } }),
    enabled: isWanted,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const { attributes, truncated } = whole.data ?? event
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <time title={exactMoment(event.timeMs ?? event.receivedMs)}>
          {formatClock(event.timeMs ?? event.receivedMs)}
        </time>
        <span className="signal">{event.signal}</span>
        <code>{event.name}</code>
      </summary>
      {isOpen && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre tabIndex={0}>{JSON.stringify(attributes, undefined, 2)}</pre>
      )}
      {truncated && <WholeButton what="record" query={whole} onWanted={() => setWanted(true)} />}
    </details>
  )
}
