/** Finds a text in the whole session, and leads from match to match: Enter to the next, Shift+Enter back. */
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { api } from '../../api/contract/api.ts'
import type { SessionMatch } from '../../api/contract/session-find.ts'
import { ask } from '../ask.ts'
import { formatCount } from '../format/count.ts'
import { Failed } from './state.tsx'

/** Where the reader is to be led. Each choice is another object, also of the same place. */
export type Sought = Pick<SessionMatch, 'turn' | 'item'>

export function SessionFind({
  sessionKey,
  onSeek,
}: {
  readonly sessionKey: string
  readonly onSeek: (sought: Sought) => void
}) {
  const [text, setText] = useState('')
  const [at, setAt] = useState<number>()
  // Each letter asks anew; what was asked before it is given up.
  const q = useDeferredValue(text.trim())
  const found = useQuery({
    queryKey: ['session', sessionKey, 'find', q],
    queryFn: ({ signal }) => ask(api.find, { params: { key: sessionKey }, query: { q }, signal }),
    enabled: q !== '',
    staleTime: 60_000,
  })
  const matches = q === '' || q !== text.trim() ? [] : (found.data?.matches ?? [])
  const current = at === undefined ? undefined : matches[at]
  const go = (step: 1 | -1): void => {
    if (matches.length === 0) return
    const next = at === undefined ? (step === 1 ? 0 : matches.length - 1) : at + step
    const index = (next + matches.length) % matches.length
    const match = matches[index]
    setAt(index)
    if (match !== undefined) onSeek({ turn: match.turn, item: match.item })
  }
  return (
    <search className="session-find">
      <input
        type="search"
        value={text}
        maxLength={200}
        aria-label="Find in this session"
        placeholder="Find in this session"
        onChange={({ currentTarget }) => {
          setText(currentTarget.value)
          setAt(undefined)
        }}
        onKeyDown={({ key, shiftKey }) => {
          if (key === 'Enter') go(shiftKey ? -1 : 1)
        }}
      />
      {text.trim() !== '' && (
        <>
          <button type="button" disabled={matches.length === 0} onClick={() => go(-1)}>
            Previous match
          </button>
          <button type="button" disabled={matches.length === 0} onClick={() => go(1)}>
            Next match
          </button>
          <span className="faint" role="status">
            {found.isFetching || q !== text.trim()
              ? 'Looking …'
              : countText(matches.length + (found.data?.omitted ?? 0), at)}
          </span>
        </>
      )}
      {current !== undefined && (
        <p className="faint match">
          Turn {current.ordinal}, {current.where}: <q>{current.excerpt}</q>
        </p>
      )}
      {found.isError && <Failed error={found.error} />}
    </search>
  )
}

function countText(count: number, at: number | undefined): string {
  if (count === 0) return 'Nothing found'
  if (at !== undefined) return `${formatCount(at + 1)} of ${formatCount(count)}`
  return count === 1 ? '1 match' : `${formatCount(count)} matches`
}
