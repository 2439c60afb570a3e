/**
 * Reads one attribute as the type a profile wants, or not at all.
 * Agents change types between versions (Claude Code up to 2.1.112 sends every number as a
 * string), so every read coerces and every attribute is optional. Never throws.
 */
import type { Attributes } from '../domain/attributes.ts'

/** Non-empty text; numbers and booleans are written out. */
export function textOf(attributes: Attributes, key: string): string | undefined {
  const value = attributes[key]
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return undefined
}

/** A finite number, also from decimal text. */
export function numberOf(attributes: Attributes, key: string): number | undefined {
  const value = attributes[key]
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const parsed = Number(value)
  return Number.isFinite(parsed) ? parsed : undefined
}

/** A count, size or duration: a number that is not negative, else 0. */
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
