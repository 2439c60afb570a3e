/** Whether memory stayed flat: the end of a run beside its second quarter, after the warm-up. */

const MAX_GROWTH = 1.3

export interface MemoryVerdict {
  readonly secondQuarterBytes: number
  readonly lastQuarterBytes: number
  readonly isFlat: boolean
}

/** Compares medians. */
export function memoryVerdict(samples: readonly number[]): MemoryVerdict {
  const quarter = Math.floor(samples.length / 4)
  const secondQuarterBytes = median(samples.slice(quarter, 2 * quarter))
  const lastQuarterBytes = median(samples.slice(3 * quarter))
  const isFlat = lastQuarterBytes <= MAX_GROWTH * secondQuarterBytes
  return { secondQuarterBytes, lastQuarterBytes, isFlat }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
