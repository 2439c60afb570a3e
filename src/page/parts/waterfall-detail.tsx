/** What is known of one item of a waterfall. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/contract/api.ts'
import type { WaterfallItem } from '../../api/contract/turn.ts'
import { ask } from '../ask.ts'
import { formatBytes } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { exactMoment } from '../format/moment.ts'
import { tokenTitle } from '../format/token-sum.ts'
import { exactUsd } from '../format/usd.ts'
import { TextBlock } from './text-block.tsx'
import { WholeButton } from './whole-button.tsx'

export interface WaterfallDetailProps {
  readonly item: WaterfallItem
  readonly turnStartMs: number
  /** Which turn it is of, as the API names it. */
  readonly turn: { readonly key: string; readonly turn: string }
}

/** Facts whose names say how they are measured, in words and with their unit. */
const FACT_NAMES: Readonly<Record<string, string>> = {
  blocked_on_user_ms: 'waited for approval',
  execution_ms: 'ran',
  input_bytes: 'input',
  result_bytes: 'result',
}

function factOf([name, value]: readonly [string, string]): readonly [string, string] {
  const number = Number(value)
  const label = FACT_NAMES[name] ?? name.replace(/_(?:ms|bytes)$/, '').replaceAll('_', ' ')
  if (value === '' || !Number.isFinite(number)) return [label, value]
  if (name.endsWith('_ms')) return [label, formatDuration(number)]
  if (name.endsWith('_bytes')) return [label, formatBytes(number)]
  return [label, value]
}

export function WaterfallDetail({ item: listed, turnStartMs, turn }: WaterfallDetailProps) {
  // Messages that are cut in the middle cannot be told apart.
  const [isWanted, setWanted] = useState(listed.truncated && listed.kind === 'call')
  const whole = useQuery({
    queryKey: ['session', turn.key, 'turn', turn.turn, 'item', listed.id],
    queryFn: ({ signal }) => ask(api.item, { params: { ...turn, item: listed.id }, signal }),
    enabled: isWanted,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const item = whole.data ?? listed
  const facts: readonly (readonly [string, string | null])[] = [
    [
      'began',
      `${formatDuration(item.startMs - turnStartMs)} into the turn, ${exactMoment(item.startMs)}`,
    ],
    ['first token', item.ttftMs === null ? null : `after ${formatDuration(item.ttftMs)}`],
    ['cost', item.costUsd === null ? null : `${exactUsd(item.costUsd)} (${item.costSource})`],
    ['tokens', item.tokens === null ? null : tokenTitle(item.tokens)],
    ...Object.entries(item.facts).map(factOf),
  ]
  return (
    <div className="detail">
      {item.statusMessage !== null && (
        <p className={`notice notice-${item.level}`}>{item.statusMessage}</p>
      )}
      <dl>
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <div className="texts">
        {item.input !== null && <TextBlock title="Input" content={item.input} />}
        {item.output !== null && <TextBlock title="Output" content={item.output} />}
      </div>
      {item.truncated && (
        <WholeButton what="texts" query={whole} onWanted={() => setWanted(true)} />
      )}
    </div>
  )
}
