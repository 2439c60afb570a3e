/**
 * What is wrong with one variable, and how to say it.
 */
import { withoutUrlPasswords } from '../domain/url-password.ts'
import type { VariableName } from './schema.ts'

export interface ConfigProblem {
  readonly variable: VariableName
  /** As given, or a mask when it is a secret; `undefined` when it is not set. */
  readonly value: string | undefined
  /** What a good value looks like. */
  readonly expected: string
  /** The variable that makes this one wrong, where it is not wrong by itself. */
  readonly because?: VariableName
}

/** Where a variable is set: `the environment`, or a file. */
export type OriginOf = (name: VariableName) => string | undefined

/** Stands for the value of a secret. */
export const MASK = '(hidden)'

/** One line for a person: the variable, its value and what is expected. */
export function describeProblem(problem: ConfigProblem): string {
  const { variable, value, expected } = problem
  return `${variable} is ${shownValue(value)}, expected ${expected}`
}

/** The same with where the variables are set. */
export function describeProblemIn(problem: ConfigProblem, originOf: OriginOf): string {
  const { variable, because } = problem
  const origin = originOf(variable)
  const other = because === undefined ? undefined : originOf(because)
  const notes = [
    ...(origin === undefined ? [] : [`set in ${origin}`]),
    ...(other === undefined ? [] : [`${because} is set in ${other}`]),
  ]
  return `${describeProblem(problem)}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`
}

function shownValue(value: string | undefined): string {
  if (value === undefined) return 'not set'
  return value === MASK ? MASK : JSON.stringify(withoutUrlPasswords(value))
}
