/** One bar: its place, its title, and a value for each series. */
export interface Bar {
  readonly id: string
  readonly label: string
  readonly title: string
  readonly values: Readonly<Record<string, number>>
  /** Series of which something is not known here: zero means nothing then. */
  readonly unknown?: ReadonlySet<string>
}

/** What bars show of a series together, as text. */
export function valueText(
  bars: readonly Bar[],
  key: string,
  format: (value: number) => string,
): string {
  const sum = bars.reduce((before, { values }) => before + (values[key] ?? 0), 0)
  return sum === 0 && bars.some(({ unknown }) => unknown?.has(key)) ? 'unknown' : format(sum)
}
