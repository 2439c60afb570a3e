/** Cost, tokens and calls together, as they are added up. */
import { addUsd, roundUsd } from '../domain/exact-sum.ts'
import type { TokenUsage } from '../domain/agent-event.ts'
import { isCostUnknown } from '../domain/usage.ts'
import type { Costs, Tokens } from '../api/contract/quantities.ts'

export interface Sums {
  costUsd: number
  /** Parts of it. */
  estimatedUsd: number
  metricsUsd: number
  /** Calls whose cost is not known. */
  unpricedCalls: number
  input: number
  output: number
  cacheRead: number
  cacheCreation: number
  calls: number
  errors: number
}

export function emptySums(): Sums {
  return {
    costUsd: 0,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheCreation: 0,
    calls: 0,
    errors: 0,
  }
}

export function addSums(into: Sums, from: Sums): void {
  into.costUsd = addUsd(into.costUsd, from.costUsd)
  into.estimatedUsd = addUsd(into.estimatedUsd, from.estimatedUsd)
  into.metricsUsd = addUsd(into.metricsUsd, from.metricsUsd)
  into.unpricedCalls += from.unpricedCalls
  into.input += from.input
  into.output += from.output
  into.cacheRead += from.cacheRead
  into.cacheCreation += from.cacheCreation
  into.calls += from.calls
  into.errors += from.errors
}

/** Whether anything of it is shown: failed calls alone are not. */
export function isSomething(sums: Sums): boolean {
  return sums.calls !== 0 || sums.costUsd !== 0 || allTokens(sums) !== 0
}

/** What was spent as the API tells it: null where it is known of no call, and of no metric. */
export function costsOf(sums: Omit<Sums, 'errors'>): Costs {
  const { costUsd, estimatedUsd, metricsUsd, unpricedCalls } = sums
  return {
    costUsd: isCostUnknown({ ...sums, tokens: allTokens(sums) }) ? null : roundUsd(costUsd),
    estimatedUsd: roundUsd(estimatedUsd),
    metricsUsd: roundUsd(metricsUsd),
    unpricedCalls,
  }
}

// Tokens as the API counts them.

export function emptyTokens(): Tokens {
  return { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }
}

/** Adds in place. */
export function addUsage(into: Tokens, usage: TokenUsage | undefined): void {
  if (usage === undefined) return
  into.input += usage.input
  into.output += usage.output
  into.cacheRead += usage.cacheRead
  into.cacheCreation += usage.cacheCreation
}

/** Of all kinds together. */
export function allTokens({ input, output, cacheRead, cacheCreation }: Tokens): number {
  return input + output + cacheRead + cacheCreation
}

export function tokensOf({ input, output, cacheRead, cacheCreation }: Tokens): Tokens {
  return { input, output, cacheRead, cacheCreation }
}
