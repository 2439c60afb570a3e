/**
 * Statements of the hot path: built and type-checked with Kysely once, then run on the SQLite
 * handle row by row. That is several times faster than a Kysely call per row and, being
 * synchronous, nothing can come between two of them.
 */
import type { RunResult } from 'better-sqlite3'
import type { Compilable, Insertable } from 'kysely'
import type { Connection } from './connection.ts'
import type { Schema } from './schema.ts'

/** `P` are its parameters by name, `R` a row of its result. */
export interface Prepared<P, R> {
  run(params: P): RunResult
  get(params: P): R | undefined
  all(params: P): R[]
}

/** A new row, every column of it: null where there is no value; without an id that the database gives. */
export type NewRow<T extends keyof Schema> = Required<
  Schema[T] extends { id: number } ? Insertable<Schema[T]> : Omit<Insertable<Schema[T]>, 'id'>
>

/**
 * Compiles at the first run. `build` then gets an object like that run's parameters, with
 * placeholders for the values: every run must have the parameters of the first, which their
 * type sees to as long as none is optional.
 */
export function prepare<P extends object, R>(
  { handle }: Pick<Connection, 'handle'>,
  build: (params: P) => Compilable<R>,
): Prepared<P, R> {
  let compiled: ReturnType<typeof compile> | undefined

  function compile(first: P) {
    const names = new Map<unknown, keyof P>()
    const placeholders: Partial<Record<string, object>> = {}
    for (const name of Object.keys(first)) {
      const placeholder = { name }
      placeholders[name] = placeholder
      names.set(placeholder, name as keyof P)
    }
    const { sql, parameters } = build(placeholders as P).compile()
    return {
      statement: handle.prepare<unknown[], R>(sql),
      /** In the order of the statement: a parameter's name, else a constant. */
      slots: parameters.map((value) => ({ name: names.get(value), value })),
    }
  }

  function bound(params: P) {
    compiled ??= compile(params)
    const { statement, slots } = compiled
    const values: unknown[] = []
    for (const { name, value } of slots) values.push(name === undefined ? value : params[name])
    return { statement, values }
  }

  return {
    run: (params) => {
      const { statement, values } = bound(params)
      return statement.run(values)
    },
    get: (params) => {
      const { statement, values } = bound(params)
      return statement.get(values)
    },
    all: (params) => {
      const { statement, values } = bound(params)
      return statement.all(values)
    },
  }
}
