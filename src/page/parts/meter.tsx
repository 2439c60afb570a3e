/** A thin bar that shows a part of a whole; the figure itself stands beside it. */

export interface MeterProps {
  readonly part: number
  readonly whole: number
  readonly tone?: 'plain' | 'bad'
}

export function Meter({ part, whole, tone = 'plain' }: MeterProps) {
  const percent = whole > 0 ? Math.min(Math.max((100 * part) / whole, 0), 100) : 0
  return (
    <svg className={`meter meter-${tone}`} aria-hidden="true" preserveAspectRatio="none">
      <rect width="100%" height="100%" className="meter-rest" />
      <rect width={`${percent}%`} height="100%" className="meter-part" />
    </svg>
  )
}
