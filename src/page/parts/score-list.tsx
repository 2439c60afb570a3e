/** Scores with the numbers behind them. */
import type { Score } from '../../api/contract/quantities.ts'
import { Meter } from './meter.tsx'

export function ScoreList({ scores }: { readonly scores: readonly Score[] }) {
  return (
    <dl className="scores">
      {scores.map(({ name, value, max, comment }) => (
        <div key={name}>
          <dt>{name.replaceAll('_', ' ')}</dt>
          <dd>
            <span className="score-value">
              {max === 100 ? Math.round(value) : value.toFixed(2)}
            </span>
            <Meter part={value} whole={max} hasTrack />
            <span className="score-comment">{comment}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
