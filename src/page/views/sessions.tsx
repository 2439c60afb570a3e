/** The list of sessions: searched, filtered, sorted, page after page. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { api } from '../../api/contract/api.ts'
import { SESSION_SORTS, type SessionListQuery } from '../../api/contract/session-list.ts'
import { ask } from '../ask.ts'
import { filterOf, RangePicker } from '../parts/range-picker.tsx'
import { Segments } from '../parts/segments.tsx'
import { SessionTable } from '../parts/session-table.tsx'
import { Empty, Failed, Loading } from '../parts/state.tsx'
import { rangeOf } from '../range.ts'
import { useSearch } from '../use-search.ts'

const STATES = [
  { id: 'any', label: 'All' },
  { id: 'open', label: 'Open' },
  { id: 'closed', label: 'Closed' },
] as const

export function SessionsView() {
  const [search, setSearch] = useSearch()
  const { from } = rangeOf(search, Date.now())
  const text = search.get('q') ?? ''
  const sort = SESSION_SORTS.find((one) => one === search.get('sort')) ?? 'last'
  const order = search.get('order') === 'asc' ? 'asc' : 'desc'
  const state = STATES.find(({ id }) => id === search.get('state'))?.id ?? 'any'
  const query = useDeferredValue<Partial<SessionListQuery>>({
    ...filterOf(search),
    from,
    search: text,
    sort,
    order,
    state,
  })
  const list = useInfiniteQuery({
    queryKey: ['sessions', query],
    queryFn: ({ pageParam }) => ask(api.sessions, { query: { ...query, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: 15_000,
  })
  const sessions = list.data?.pages.flatMap((page) => page.sessions)

  const set = (name: string, value: string, shown: string): void =>
    setSearch(
      (before) => {
        if (value === shown) before.delete(name)
        else before.set(name, value)
      },
      { replace: true },
    )
  return (
    <>
      <div className="view-head">
        <h1>Sessions</h1>
        <input
          type="search"
          placeholder="Search ids, titles, users, attributes, prompts"
          aria-label="Search sessions"
          value={text}
          onChange={({ target }) => set('q', target.value, '')}
        />
        <Segments
          label="State"
          segments={STATES}
          value={state}
          onChange={(id) => set('state', id, 'any')}
        />
      </div>
      <RangePicker hasBuckets={false} />
      {list.isError && <Failed error={list.error} />}
      {list.isPending && <Loading />}
      {sessions?.length === 0 && <Empty>No session matches.</Empty>}
      {sessions !== undefined && sessions.length > 0 && (
        <SessionTable
          caption="Sessions"
          sessions={sessions}
          sorting={{
            sort,
            order,
            onSort: (next) => {
              set('sort', next, 'last')
              set('order', next === sort && order === 'desc' ? 'asc' : 'desc', 'desc')
            },
          }}
        />
      )}
      {list.hasNextPage && (
        <p className="more">
          <button
            type="button"
            disabled={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Show more
          </button>
        </p>
      )}
    </>
  )
}
