/** The turns of a session; each opens to its prompt, its answer and its waterfall. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api } from '../../api/contract/api.ts'
import type { TurnHead, WaterfallItem } from '../../api/contract/turn.ts'
import { ask } from '../ask.ts'
import { formatCompact, formatCount, plural } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { exactMoment, formatClock } from '../format/moment.ts'
import { tokenSum } from '../format/token-sum.ts'
import { costTitle, costText } from '../../domain/cost-text.ts'
import type { Sought } from './session-find.tsx'
import { Failed, Loading } from './state.tsx'
import { TextBlock } from './text-block.tsx'
import { Waterfall } from './waterfall.tsx'

export interface TurnListProps {
  readonly sessionKey: string
  readonly turns: readonly TurnHead[]
  /** What the reader is led to, in whichever turn. */
  readonly sought: Sought | undefined
}

export function TurnList({ sessionKey, turns, sought }: TurnListProps) {
  return (
    <ol className="turns">
      {turns.map((turn) => (
        <li key={turn.key} id={turnAnchor(turn.ordinal)}>
          <TurnItem
            sessionKey={sessionKey}
            turn={turn}
            opensAtOnce={turns.length === 1}
            sought={sought?.turn === turn.key ? sought : undefined}
          />
        </li>
      ))}
    </ol>
  )
}

/** Where a turn stands on its session's page. */
export function turnAnchor(ordinal: number): string {
  return `turn-${ordinal}`
}

function TurnItem({
  sessionKey,
  turn,
  opensAtOnce,
  sought,
}: {
  readonly sessionKey: string
  readonly turn: TurnHead
  readonly opensAtOnce: boolean
  readonly sought: Sought | undefined
}) {
  const [isOpen, setOpen] = useState(opensAtOnce)
  const frame = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    if (sought === undefined) return
    setOpen(true)
    if (sought.item === null) frame.current?.scrollIntoView({ block: 'start', behavior: 'instant' })
  }, [sought])
  return (
    <details
      ref={frame}
      open={isOpen}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <span className="turn-number">{turn.ordinal}</span>
        <span className="turn-prompt">{promptText(turn)}</span>
        <span className="turn-figures">
          {turn.errors > 0 && <span className="bad">{plural(turn.errors, 'error')}</span>}
          <span className="minor">{plural(turn.modelCalls, 'call')}</span>
          <span className="minor">{plural(turn.toolResults, 'tool')}</span>
          <span className="minor">{formatCompact(tokenSum(turn.tokens))} tokens</span>
          <span>{formatDuration(turn.endMs - turn.startMs)}</span>
          <strong title={costTitle(turn, turn.modelCalls)}>{costText(turn.costUsd)}</strong>
        </span>
      </summary>
      {isOpen && <TurnBody sessionKey={sessionKey} turn={turn} sought={sought} />}
    </details>
  )
}

function promptText({ prompt, command, isSynthetic }: TurnHead) {
  if (prompt.text !== null) return prompt.text
  if (command !== null) return `/${command}`
  return (
    <span className="faint">
      {isSynthetic ? 'sent by the agent itself' : 'prompt not recorded'}
    </span>
  )
}

function TurnBody({
  sessionKey,
  turn,
  sought,
}: {
  readonly sessionKey: string
  readonly turn: TurnHead
  readonly sought: Sought | undefined
}) {
  const { data, error, ...list } = useInfiniteQuery({
    queryKey: ['session', sessionKey, 'turn', turn.key, turn.endMs],
    queryFn: ({ pageParam, signal }) =>
      ask(api.turn, {
        params: { key: sessionKey, turn: turn.key },
        query: { cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: (before) => before,
  })
  /** The list's own may be cut. */
  const whole = data?.pages[0]?.turn ?? turn
  const omitted = data?.pages.at(-1)?.omittedItems ?? 0
  const items = data === undefined ? [] : distinct(data.pages.flatMap((page) => page.items))
  const isFar =
    data !== undefined &&
    typeof sought?.item === 'string' &&
    !items.some(({ id }) => id === sought.item)
  useEffect(() => {
    if (isFar && list.hasNextPage && !list.isFetching && error === null) void list.fetchNextPage()
  })
  return (
    <div className="turn-body">
      <p className="faint">
        <time title={exactMoment(turn.startMs)}>{formatClock(turn.startMs)}</time>
        {turn.langfuseUrl !== null && (
          <>
            {' · '}
            <a href={turn.langfuseUrl} target="_blank" rel="noreferrer">
              Trace in Langfuse
            </a>
          </>
        )}
      </p>
      <div className="texts">
        <TextBlock title="Prompt" content={whole.prompt} />
        <TextBlock title="Answer" content={whole.answer} />
      </div>
      {error !== null && <Failed error={error} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && (
        <Waterfall sessionKey={sessionKey} turn={whole} items={items} sought={sought} />
      )}
      {omitted > 0 && (
        <p className="more">
          <span className="faint">
            {formatCount(items.length)} of {plural(items.length + omitted, 'item')}, the ones that
            ended first
          </span>{' '}
          <button
            type="button"
            disabled={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Show more
          </button>
        </p>
      )}
    </div>
  )
}

/** While a turn goes on, an item may move from one page to the next. */
function distinct(items: readonly WaterfallItem[]): readonly WaterfallItem[] {
  return [...new Map(items.map((item) => [item.id, item])).values()]
}
