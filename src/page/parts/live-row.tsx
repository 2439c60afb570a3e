/** One event of the live feed. */
import type { LiveEvent } from '../../api/contract/live.ts'
import { liveWords } from '../../api/contract/live-words.ts'
import { formatCompact } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { exactMoment, formatClock } from '../format/moment.ts'
import { formatUsd } from '../format/usd.ts'

export function LiveRow({ event }: { readonly event: LiveEvent }) {
  const { kind, summary, level, timeMs, costUsd, durationMs, tokens } = event
  const { subject, text } = liveWords(event)
  const figures = [
    tokens === null ? undefined : `${formatCompact(tokens)} tokens`,
    durationMs === null ? undefined : formatDuration(durationMs),
    costUsd === null ? undefined : formatUsd(costUsd),
  ].filter((figure) => figure !== undefined)
  return (
    <li className={`live-row level-${level}`}>
      <time title={exactMoment(timeMs)}>{formatClock(timeMs)}</time>
      <span className={`kind kind-${kind}`}>{kind}</span>
      <span className="live-text">
        {subject !== null && <span className="name">{subject}</span>}{' '}
        {summary !== null && <span className="summary">{summary}</span>} {text}
        {level !== 'default' && <span className="sr-only"> ({level})</span>}
      </span>
      <span className="live-figures">{figures.join(' · ')}</span>
    </li>
  )
}
