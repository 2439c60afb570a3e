/** Colours of series, by position: custom properties of `styles/tokens.css`, for both themes. */

const SERIES = [1, 2, 3, 4, 5, 6] as const

export function seriesColour(index: number): string {
  return `var(--series-${SERIES[index % SERIES.length] ?? 1})`
}
