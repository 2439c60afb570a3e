/** Cost, tokens and calls together, as they are added up. */
import { addUsd } from '../domain/exact-sum.ts'
import type { TokenUsage } from '../domain/agent-event.ts'
import type { Tokens } from '../api/contract/quantities.ts'

export interface Sums {
  costUsd: number
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
  into.input += from.input
  into.output += from.output
  into.cacheRead += from.cacheRead
  into.cacheCreation += from.cacheCreation
  into.calls += from.calls
  into.errors += from.errors
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

export function tokensOf({ input, output, cacheRead, cacheCreation }: Tokens): Tokens {
  return { input, output, cacheRead, cacheCreation }
}
