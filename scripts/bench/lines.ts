/** The lines of the benchmark's table, and what became worse. */

/** A line of the table. */
export interface Line {
  readonly name: string
  readonly unit: string
  readonly value: number
  /** The same of what it is compared with. */
  readonly reference?: number
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function tableOf(lines: readonly Line[]): string {
  const rows = lines.map(({ name, unit, value, reference }) => [
    name,
    `${rounded(value)} ${unit}`,
    reference === undefined ? '' : rounded(reference),
    reference === undefined ? '' : (value / reference).toFixed(2),
  ])
  const all = [['', 'bridge', 'reference', 'ratio'], ...rows]
  const widths = [0, 1, 2, 3].map((n) => Math.max(...all.map((row) => (row[n] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** How much worse a ratio may be than the accepted one: throughput that falls by a third takes 1.5 times as long. */
const TOLERANCE = 1.5

/** What each line's ratio was when it was last accepted, by name. Less is better. */
export type AcceptedRatios = Readonly<Record<string, number>>

/** The lines that took more than they may, as text; and those that are accepted, but were not measured. */
export function regressions(lines: readonly Line[], accepted: AcceptedRatios): readonly string[] {
  return Object.entries(accepted).flatMap(([name, ratio]) => {
    const line = lines.find((of) => of.name === name)
    if (line?.reference === undefined) return [`${name}: not measured`]
    const now = line.value / line.reference
    if (now <= TOLERANCE * ratio) return []
    return [
      `${name}: ${now.toFixed(2)} times its reference, accepted are ${ratio.toFixed(2)} and half as much again`,
    ]
  })
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
