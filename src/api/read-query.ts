/** A URL's query, a request's body and its schema: what was asked, or what is wrong with it. */
import type { z } from 'zod'
import { err, ok, type Result } from '../domain/result.ts'
import { LIST_PARAMETERS } from './contract/filter.ts'
import type { WebFailure } from './failure.ts'

/** Reads the part of a URL behind its question mark. Parameters nobody knows are left out. */
export function readQuery<S extends z.ZodType>(
  url: string,
  schema: S,
): Result<z.output<S>, WebFailure> {
  const start = url.indexOf('?')
  const parameters = new URLSearchParams(start < 0 ? '' : url.slice(start + 1))
  const given: Record<string, string | string[]> = {}
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name)
    const isEmpty = values.every((value) => value === '')
    if (!isEmpty) given[name] = LIST_PARAMETERS.has(name) ? values : (values.at(-1) ?? '')
  }
  return checked(given, schema)
}

/** Checks a value from outside; names each part that is wrong. */
export function checked<S extends z.ZodType>(
  value: unknown,
  schema: S,
): Result<z.output<S>, WebFailure> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  const wrong = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`)
  return err({ code: 'malformed', message: wrong.join('; ') })
}
