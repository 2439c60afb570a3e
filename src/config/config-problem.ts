/**
 * What is wrong with one variable, and how to say it.
 */
import type { VariableName } from './schema.ts'

export interface ConfigProblem {
  readonly variable: VariableName
  /** As given, or a mask when it is a secret; `undefined` when it is not set. */
  readonly value: string | undefined
  /** What a good value looks like. */
  readonly expected: string
}

/** Stands for the value of a secret. */
export const MASK = '(hidden)'

/** One line for a person: the variable, its value and what is expected. */
export function describeProblem(problem: ConfigProblem): string {
  const { variable, value, expected } = problem
  return `${variable} is ${shownValue(value)}, expected ${expected}`
}

function shownValue(value: string | undefined): string {
  if (value === undefined) return 'not set'
  return value === MASK ? MASK : JSON.stringify(value)
}
