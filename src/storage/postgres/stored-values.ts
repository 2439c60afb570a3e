/**
 * Values as PostgreSQL can store them. A text there has no NUL, and what stands in an index is bounded;
 * half a surrogate pair becomes U+FFFD on its way (`pg` sends UTF-8).
 */
import { createHash } from 'node:crypto'
import { UNITS_PER_USD } from '../../domain/exact-sum.ts'
import { GREATEST_SUM } from '../../domain/numbers.ts'

/** A row of a B-tree index takes 2704 bytes; several texts share it. */
const MAX_INDEXED_BYTES = 1000
const KEPT_CHARS = 128

/**
 * A text as it is stored and found again: a NUL becomes its picture, and half of a surrogate pair the
 * replacement character, as which UTF-8 would write it.
 */
export function plainText(text: string): string {
  const whole = text.toWellFormed()
  return whole.includes('\0') ? whole.replaceAll('\0', '␀') : whole
}

export function optionalText(text: string | undefined): string | null {
  return text === undefined ? null : plainText(text)
}

/** A text that stands in an index: equal for equal texts, and a digest stands for the end of a long one. */
export function keyText(text: string): string {
  // Most are short: three bytes are the most that a UTF-16 code unit takes.
  if (text.length * 3 <= MAX_INDEXED_BYTES) return plainText(text)
  if (Buffer.byteLength(text) <= MAX_INDEXED_BYTES) return plainText(text)
  const beginning = text.slice(0, KEPT_CHARS).toWellFormed()
  return plainText(`${beginning}\u001e${sha256(text)}`)
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Dollars as billionths of one; 0 for what cannot be true, as it counts in sums. */
export function nanoUsd(usd: number): number {
  return usd >= 0 && usd <= GREATEST_SUM.usd ? Math.round(usd * UNITS_PER_USD) : 0
}

/** Billionths of a dollar as dollars. */
export function usdOf(nanoUsd: number | null): number {
  return (nanoUsd ?? 0) / UNITS_PER_USD
}

/** A figure that counts in sums: 0 for what cannot be true. */
export function sound(value: number, quantity: Exclude<keyof typeof GREATEST_SUM, 'usd'>): number {
  return value >= 0 && value <= GREATEST_SUM[quantity] ? value : 0
}

// What metrics told is taken back when the events come that say the same: an increment may be negative.

/** An increment in dollars as billionths of one; 0 for what cannot be true. */
export function changeOfNanoUsd(usd: number): number {
  return usd < 0 ? -nanoUsd(-usd) : nanoUsd(usd)
}

/** The increment of another figure; 0 for what cannot be true. */
export function changeOf(value: number, quantity: Parameters<typeof sound>[1]): number {
  return value < 0 ? -sound(-value, quantity) : sound(value, quantity)
}

/** A number as told; null for what is none. */
export function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
