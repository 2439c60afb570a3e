/**
 * The kinds of value a variable can have. Each says what it expects in words that fit an error.
 */
import { z } from 'zod'
import type { Syntax } from './variable.ts'

/** A whole number in decimal digits, both bounds included. */
export function wholeNumber(type: string, min: number, max: number): Syntax<number> {
  return {
    schema: z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max)),
    type,
    expected: `a whole number from ${min} to ${max}`,
  }
}

/** A value, or the word `off`. */
export function orOff<T>({ schema, type, expected }: Syntax<T>): Syntax<T | 'off'> {
  return {
    schema: z.union([z.string().toLowerCase().pipe(z.literal('off')), schema]),
    type: `${type} or off`,
    expected: `${expected}, or off`,
  }
}

/** Text that a pattern describes. */
export function matching(pattern: RegExp, type: string, expected: string): Syntax<string> {
  return { schema: z.string().regex(pattern), type, expected }
}

/** Names between commas; spaces around them do not count. */
export const nameList: Syntax<readonly string[]> = {
  schema: z.string().transform((text) => [
    ...new Set(
      text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
  ]),
  type: 'names',
  expected: 'names between commas',
}

/** One of a few words, in either case. */
export function oneOf<const T extends readonly string[]>(words: T): Syntax<T[number]> {
  return {
    schema: z.string().toLowerCase().pipe(z.enum(words)),
    type: 'word',
    expected: `one of ${words.join(', ')}`,
  }
}

/** The address of a web service; a path is allowed, trailing slashes are dropped. */
export const webAddress: Syntax<string> = {
  schema: z.string().refine(isPlainWebAddress).transform(withoutTrailingSlashes),
  type: 'URL',
  expected: 'an http or https URL without user, query or fragment',
}

function isPlainWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:'
  return isWeb && [url.username, url.password, url.search, url.hash].join('') === ''
}

function withoutTrailingSlashes(text: string): string {
  return new URL(text).href.replace(/\/+$/, '')
}
