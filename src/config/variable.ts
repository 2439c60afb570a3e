/**
 * Building blocks of the configuration schema: one variable's syntax together with what a
 * person reads about it. Values arrive as text; an empty one never gets here.
 */
import { z } from 'zod'

/** What is written about a variable, in the README and in errors. */
export interface VariableNotes {
  /** The kind of value, in a word or two. */
  readonly type: string
  /** What a good value looks like; completes "expected …". */
  readonly expected: string
  /** One line: what it does. */
  readonly doc: string
  /** The default as shown; empty when there is none. */
  readonly shownDefault: string
  /** Never shown in errors. */
  readonly isSecret: boolean
}

/** The notes of every variable, by its schema. */
export const variableNotes = z.registry<VariableNotes>()

/** A value's syntax, and how to say it. */
export interface Syntax<T> {
  readonly schema: z.ZodType<T, string>
  readonly type: string
  readonly expected: string
}

interface Options {
  readonly isSecret?: boolean
  /** For an optional variable: what holds when it is not set. */
  readonly shownDefault?: string
}

/** A variable that always has a value; `fallback` is the default, as text. */
export function variable<T>(syntax: Syntax<T>, fallback: string, doc: string) {
  const { schema, type, expected } = syntax
  return schema
    .prefault(fallback)
    .register(variableNotes, { type, expected, doc, shownDefault: fallback, isSecret: false })
}

/** A variable that may be left out. */
export function optionalVariable<T>(syntax: Syntax<T>, doc: string, options: Options = {}) {
  const { schema, type, expected } = syntax
  const { isSecret = false, shownDefault = '' } = options
  return schema.optional().register(variableNotes, { type, expected, doc, shownDefault, isSecret })
}
