/** Tokens in all their buckets. */
import type { Tokens } from '../../api/contract/quantities.ts'

export function tokenSum({ input, output, cacheRead, cacheCreation }: Tokens): number {
  return input + output + cacheRead + cacheCreation
}

/** The buckets in words, for titles. */
export function tokenTitle({ input, output, cacheRead, cacheCreation }: Tokens): string {
  const shown = (count: number): string => count.toLocaleString('en')
  return `${shown(input)} input, ${shown(output)} output, ${shown(cacheRead)} read from the cache, ${shown(cacheCreation)} written to it`
}
