/** The list of sessions: searched, filtered, sorted, page after page. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { Link } from 'wouter'
import { api } from '../../api/contract/api.ts'
import {
  NAME_SORTS,
  SESSION_SORTS,
  type SessionListQuery,
} from '../../api/contract/session-list.ts'
import { ask } from '../ask.ts'
import { formatCount } from '../format/count.ts'
import { filterOf, RangePicker } from '../parts/range-picker.tsx'
import { Segments } from '../parts/segments.tsx'
import { SavedFilters } from '../parts/saved-filters.tsx'
import { SORT_NAMES, type SessionSort, SessionTable } from '../parts/session-table.tsx'
import { Awaited, Empty, Failed, Loading } from '../parts/state.tsx'
import { rangeOf } from '../range.ts'
import { useSearch } from '../use-search.ts'

const STATES = [
  { id: 'any', label: 'All' },
  { id: 'open', label: 'Open' },
  { id: 'closed', label: 'Closed' },
] as const

const opposite = { asc: 'desc', desc: 'asc' } as const

/** Names from A to Z, everything else the most first. */
function usualOrderOf(sort: SessionSort): 'asc' | 'desc' {
  return NAME_SORTS.has(sort) ? 'asc' : 'desc'
}

function countText(total: number): string {
  return total === 1 ? '1 session' : `${formatCount(total)} sessions`
}

export function SessionsView() {
  const [search, setSearch] = useSearch()
  const { from } = rangeOf(search, Date.now())
  const text = search.get('q') ?? ''
  const sort = SESSION_SORTS.find((one) => one === search.get('sort')) ?? 'last'
  const usualOrder = usualOrderOf(sort)
  const told = search.get('order')
  const order = told === 'asc' || told === 'desc' ? told : usualOrder
  const state = STATES.find(({ id }) => id === search.get('state'))?.id ?? 'any'
  const query = useDeferredValue<Partial<SessionListQuery>>({
    ...filterOf(search),
    from,
    search: text,
    sort,
    order,
    state,
  })
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => ask(api.setup) })
  const list = useInfiniteQuery({
    queryKey: ['sessions', query],
    queryFn: ({ pageParam, signal }) =>
      ask(api.sessions, { query: { ...query, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: 15_000,
  })
  const sessions = list.data?.pages.flatMap((page) => page.sessions)
  const first = list.data?.pages[0]

  const set = (name: string, value: string, shown: string): void =>
    setSearch(
      (before) => {
        if (value === shown) before.delete(name)
        else before.set(name, value)
      },
      { replace: true },
    )
  const sortBy = (next: SessionSort, nextOrder: 'asc' | 'desc'): void => {
    set('sort', next, 'last')
    set('order', nextOrder, usualOrderOf(next))
  }
  return (
    <>
      <div className="view-head">
        <h1>Sessions</h1>
        <input
          type="search"
          placeholder="Search prompts, files, tools, errors, …"
          title='Words of titles, prompts, tools, files, models, errors, attributes and ids; "a phrase" in quotes'
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
      <div className="list-head">
        <p className="faint" role="status">
          {first !== undefined && countText(first.total)}
          {first?.isIndexing === true && ' · earlier records are still being indexed'}
        </p>
        <select
          className="narrow-only"
          aria-label="Sort by"
          value={sort}
          onChange={({ target }) => {
            const next = SESSION_SORTS.find((one) => one === target.value) ?? 'last'
            sortBy(next, usualOrderOf(next))
          }}
        >
          {SESSION_SORTS.map((one) => (
            <option key={one} value={one}>
              by {SORT_NAMES[one].toLowerCase()}
            </option>
          ))}
        </select>
        <SavedFilters />
      </div>
      {list.isError && <Failed error={list.error} />}
      {list.isPending && <Loading />}
      {sessions?.length === 0 && (
        <Empty>
          {setup.data?.hasArrived === false ? (
            <>
              No session has been recorded yet. <Link href="/">The first steps</Link> lead through
              the set-up.
            </>
          ) : (
            <>
              No session matches.{' '}
              {from !== undefined && (
                <button type="button" onClick={() => set('range', 'all', '')}>
                  Look at all times
                </button>
              )}
            </>
          )}
        </Empty>
      )}
      {sessions !== undefined && sessions.length > 0 && (
        <Awaited isOld={list.isPlaceholderData}>
          <SessionTable
            caption="Sessions"
            sessions={sessions}
            sorting={{
              sort,
              order,
              onSort: (next) => sortBy(next, next === sort ? opposite[order] : usualOrderOf(next)),
            }}
          />
        </Awaited>
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
