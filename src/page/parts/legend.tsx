/** The series of a chart with their colours, and their values in one bar or altogether. */
import { seriesColour } from '../palette.ts'
import { type Bar, valueText } from './bar.ts'

export interface LegendProps {
  readonly series: readonly string[]
  /** The bar that is read out; none: all of them. */
  readonly bar: Bar | undefined
  readonly bars: readonly Bar[]
  readonly format: (value: number) => string
}

export function Legend({ series, bar, bars, format }: LegendProps) {
  const shown = bar === undefined ? bars : [bar]
  const all = shown.reduce(
    (sum, { values }) => series.reduce((before, key) => before + (values[key] ?? 0), sum),
    0,
  )
  return (
    <div className="legend" aria-live="polite">
      <span className="legend-title">
        {bar?.title ?? 'Whole range'} <strong>{format(all)}</strong>
      </span>
      {series.map((key, index) => (
        <span key={key} className="legend-item">
          <svg width="9" height="9" aria-hidden="true">
            <rect width="9" height="9" rx="2" fill={seriesColour(index)} />
          </svg>
          {key} <span className="legend-value">{valueText(shown, key, format)}</span>
        </span>
      ))}
    </div>
  )
}
