/** Scores with the numbers behind them. */
import type { Score } from '../../api/contract/quantities.ts'
import { scoreComment, scoreText } from '../../domain/figure-text.ts'
import { Meter } from './meter.tsx'

export function ScoreList({ scores }: { readonly scores: readonly Score[] }) {
  return (
    <dl className="scores">
      {scores.map(({ name, value, max, comment }) => (
        <div key={name}>
          <dt>{name.replaceAll('_', ' ')}</dt>
          <dd>
            <span className="score-value">{scoreText(value, max)}</span>
            <Meter part={value} whole={max} hasTrack />
            <span className="score-comment">{scoreComment(comment)}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
