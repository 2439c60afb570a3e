/** The turns of a session; each opens to its prompt, its answer and its waterfall. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../contract/api.ts'
import type { TurnHead } from '../../contract/turn.ts'
import { ask } from '../ask.ts'
import { formatCompact, plural } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { exactMoment, formatClock } from '../format/moment.ts'
import { tokenSum } from '../format/token-sum.ts'
import { formatUsd } from '../format/usd.ts'
import { Failed, Loading } from './state.tsx'
import { TextBlock } from './text-block.tsx'
import { Waterfall } from './waterfall.tsx'

export interface TurnListProps {
  readonly sessionKey: string
  readonly turns: readonly TurnHead[]
}

export function TurnList({ sessionKey, turns }: TurnListProps) {
  return (
    <ol className="turns">
      {turns.map((turn) => (
        <li key={turn.key} id={turnAnchor(turn.ordinal)}>
          <TurnItem sessionKey={sessionKey} turn={turn} opensAtOnce={turns.length === 1} />
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
}: {
  readonly sessionKey: string
  readonly turn: TurnHead
  readonly opensAtOnce: boolean
}) {
  const [isOpen, setOpen] = useState(opensAtOnce)
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <span className="turn-number">{turn.ordinal}</span>
        <span className="turn-prompt">{promptText(turn)}</span>
        <span className="turn-figures">
          {turn.errors > 0 && <span className="bad">{plural(turn.errors, 'error')}</span>}
          <span className="minor">{plural(turn.modelCalls, 'call')}</span>
          <span className="minor">{plural(turn.toolResults, 'tool')}</span>
          <span className="minor">{formatCompact(tokenSum(turn.tokens))} tokens</span>
          <span>{formatDuration(turn.endMs - turn.startMs)}</span>
          <strong>{formatUsd(turn.costUsd)}</strong>
        </span>
      </summary>
      {isOpen && <TurnBody sessionKey={sessionKey} turn={turn} />}
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

function TurnBody({ sessionKey, turn }: { readonly sessionKey: string; readonly turn: TurnHead }) {
  const { data, error } = useQuery({
    queryKey: ['session', sessionKey, 'turn', turn.key, turn.endMs],
    queryFn: () => ask(api.turn, { params: { key: sessionKey, turn: turn.key } }),
    placeholderData: (before) => before,
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
        <TextBlock title="Prompt" content={turn.prompt} />
        <TextBlock title="Answer" content={turn.answer} />
      </div>
      {error !== null && <Failed error={error} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && <Waterfall turn={data} />}
    </div>
  )
}
