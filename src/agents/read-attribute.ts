/**
 * Reads one attribute as the type a profile wants, or not at all.
 * Agents change types between versions (Claude Code up to 2.1.112 sends every number as a
 * string), so every read coerces and every attribute is optional. Never throws.
 */
import type { Attributes, AttributeValue } from '../domain/json-value.ts'
import { type Implausible, isPlausible, parseDecimal, type Quantity } from '../domain/numbers.ts'

/** Non-empty text; numbers and booleans are written out. */
export function textOf(attributes: Attributes, key: string): string | undefined {
  const value = attributes[key]
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return undefined
}

/**
 * The texts of several attributes, by the field that each is read into; undefined where there is none.
 */
export function textsOf<K extends string>(
  attributes: Attributes,
  keys: Readonly<Partial<Record<K, string>>>,
): { readonly [F in K]?: string } | undefined {
  let found: { [F in K]?: string } | undefined
  for (const field in keys) {
    const key = keys[field]
    const text = key === undefined ? undefined : textOf(attributes, key)
    if (text === undefined) continue
    found ??= {}
    found[field] = text
  }
  return found
}

/** A finite number, also from decimal text (`domain/numbers.ts`). */
export function numberOf(attributes: Attributes, key: string): number | undefined {
  const value = attributes[key]
  const number = typeof value === 'string' ? parseDecimal(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** A count or size: a number that is not negative, else 0. */
export function countOf(attributes: Attributes, key: string): number {
  const value = numberOf(attributes, key)
  return value !== undefined && value > 0 ? value : 0
}

/** True for `true` and the text `true`. */
export function flagOf(attributes: Attributes, key: string): boolean {
  const value = attributes[key]
  return value === true || value === 'true'
}

/** Keeps the keys that have a value: `exactOptionalPropertyTypes` knows no other absence. */
export function present<T extends Record<string, unknown>>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Record<string, unknown> = {}
  for (const key in fields) if (fields[key] !== undefined) kept[key] = fields[key]
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** Attributes that can be true, and those that cannot, as they were sent. */
export interface Believed {
  readonly attributes: Attributes
  readonly implausible?: Implausible
}

/** Longest text of an implausible value that is kept beside its event; the record has all of it. */
const MAX_IMPLAUSIBLE_LENGTH = 100

/**
 * Takes out what cannot be true: figures that are no numbers, negative, or beyond the bound of
 * their quantity. Every record passes through here before its profile reads it, so that no reader
 * needs bounds of its own.
 */
export function believed(
  attributes: Attributes,
  quantities: Readonly<Record<string, Quantity>>,
): Believed {
  let implausible: Record<string, string> | undefined
  for (const key in attributes) {
    const quantity = Object.hasOwn(quantities, key) ? quantities[key] : undefined
    if (quantity === undefined || isAbsent(attributes[key])) continue
    const value = numberOf(attributes, key)
    if (value !== undefined && isPlausible(value, quantity)) continue
    implausible ??= {}
    implausible[key] = asSent(attributes[key])
  }
  if (implausible === undefined) return { attributes }
  const kept: Record<string, AttributeValue> = { ...attributes }
  for (const key of Object.keys(implausible)) delete kept[key]
  return { attributes: kept, implausible }
}

function isAbsent(value: AttributeValue | undefined): boolean {
  return value === undefined || value === null || value === ''
}

function asSent(value: AttributeValue | undefined): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.slice(0, MAX_IMPLAUSIBLE_LENGTH).toWellFormed()
}
