/** Cost, tokens and calls together, as they are added up. */
import { addUsd } from '../domain/exact-sum.ts'

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
