/** What is known of one item of a waterfall. */
import type { WaterfallItem } from '../../contract/turn.ts'
import { formatDuration } from '../format/duration.ts'
import { exactMoment } from '../format/moment.ts'
import { tokenTitle } from '../format/token-sum.ts'
import { exactUsd } from '../format/usd.ts'
import { TextBlock } from './text-block.tsx'

export interface WaterfallDetailProps {
  readonly item: WaterfallItem
  readonly turnStartMs: number
}

export function WaterfallDetail({ item, turnStartMs }: WaterfallDetailProps) {
  const facts: readonly (readonly [string, string | null])[] = [
    [
      'began',
      `${formatDuration(item.startMs - turnStartMs)} into the turn, ${exactMoment(item.startMs)}`,
    ],
    ['first token', item.ttftMs === null ? null : `after ${formatDuration(item.ttftMs)}`],
    ['cost', item.costUsd === null ? null : exactUsd(item.costUsd)],
    ['tokens', item.tokens === null ? null : tokenTitle(item.tokens)],
    ...Object.entries(item.facts).map(
      ([name, value]) => [name.replaceAll('_', ' '), value] as const,
    ),
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
    </div>
  )
}
