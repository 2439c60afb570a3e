/**
 * How names that come from outside are cut. A name keeps its beginning and a hash of the whole, so that two
 * long names that differ stay two, and whoever asks for the whole finds what was cut. Pure; the same name
 * is always cut to the same.
 */
import { hash } from 'node:crypto'
import { ownText } from '../domain/own-text.ts'
import { cut } from '../sessions/content.ts'
import { fitsBytes, prefixLength } from '../sessions/json-bytes.ts'

/** Characters, and bytes as JSON: 200 characters of any European script. */
export interface Bound {
  readonly length: number
  readonly bytes: number
}

export const NAME: Bound = { length: 200, bytes: 400 }
const LABEL_LENGTH = 1000

/** A name of a user, a model, a tool, … as it is kept. */
export function nameWithin(name: string): string {
  return isWithin(name, NAME) ? name : boundedName(name, NAME)
}

/** The value of a label or resource attribute as it is kept; one that was cut stays as it is. */
export function labelWithin(value: string): string {
  return CUT_LABEL.test(value) ? value : cut(value, LABEL_LENGTH)
}

/** As `cut` leaves it: such a text alone is longer than what is cut. */
const CUT_LABEL = /^.{900,1000}… \[cut: \d+ of \d+ characters\]$/s

export function isWithin(name: string, { length, bytes }: Bound): boolean {
  return name.length <= length && fitsBytes(name, bytes)
}

/** `the beginning…#5f2c81d09ab3e471`. JSON tells halves of surrogate pairs apart, UTF-8 does not. */
export function boundedName(name: string, { length, bytes }: Bound): string {
  const mark = `…#${hash('sha256', JSON.stringify(name)).slice(0, 16)}`
  const end = prefixLength(name, length - mark.length, bytes - Buffer.byteLength(mark))
  return `${ownText(name.slice(0, end))}${mark}`
}
