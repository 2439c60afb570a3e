/** A thin bar that shows a part of a whole; the figure itself stands beside it. Nothing shows nothing. */

export interface MeterProps {
  readonly part: number
  readonly whole: number
  readonly tone?: 'plain' | 'bad'
  /** Draws the whole behind the part, where it is something to use up or to reach. */
  readonly hasTrack?: boolean
}

export function Meter({ part, whole, tone = 'plain', hasTrack = false }: MeterProps) {
  const percent = whole > 0 ? Math.min(Math.max((100 * part) / whole, 0), 100) : 0
  if (percent === 0 && !hasTrack) return null
  return (
    <svg className={`meter meter-${tone}`} aria-hidden="true" preserveAspectRatio="none">
      {hasTrack && <rect width="100%" height="100%" className="meter-rest" />}
      <rect width={`${percent}%`} height="100%" className="meter-part" />
    </svg>
  )
}
