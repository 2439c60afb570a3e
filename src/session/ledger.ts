/**
 * Facts that wait for the thing they belong to, by its id. Plain data, in order of arrival; ids
 * are prefixed, so that none of them is special. A ledger is written to by the functions of this
 * file alone.
 */
import { jsonBytes, textBytes } from './json-bytes.ts'

export type Ledger<T> = Record<string, T>

/** What a ledger may hold; beyond it the oldest facts are forgotten. */
export interface LedgerBounds {
  readonly entries: number
  /** As JSON. */
  readonly bytes: number
}

/** What a ledger holds. */
interface Size {
  entries: number
  bytes: number
}

const PREFIX = ':'
/** Share of its bounds that a ledger keeps when it is too large: to forget one by one is slow. */
const KEPT_SHARE = 0.75

/** Worked out when a ledger is first asked for, and kept up from then on. */
const sizes = new WeakMap<Ledger<unknown>, Size>()

/** Notes a fact, in the place of an earlier one of that id. `onForgotten` gets what had to go. */
export function note<T>(
  ledger: Ledger<T>,
  id: string,
  fact: T,
  bounds: LedgerBounds,
  onForgotten?: (fact: T) => void,
): void {
  put(ledger, PREFIX + id, fact)
  if (!isWithin(sizeOf(ledger), bounds)) forgetOldest(ledger, shareOf(bounds), onForgotten)
}

/** Notes a fact under a key that is no bare id. */
export function put<T>(ledger: Ledger<T>, key: string, fact: T): void {
  const size = sizeOf(ledger)
  if (ledger[key] !== undefined) remove(ledger, size, key)
  ledger[key] = fact
  size.entries += 1
  size.bytes += entryBytes(key, fact)
}

export function look<T>(ledger: Ledger<T>, id: string | undefined): T | undefined {
  // Most ledgers are empty most of the time, and then the key need not be made.
  return id === undefined || isEmpty(ledger) ? undefined : ledger[PREFIX + id]
}

/** The fact, which is then forgotten. */
export function take<T>(ledger: Ledger<T>, id: string | undefined): T | undefined {
  const fact = look(ledger, id)
  if (id !== undefined && fact !== undefined) remove(ledger, sizeOf(ledger), PREFIX + id)
  return fact
}

/** The fact under a key that is no bare id; it is then forgotten. */
export function drop<T>(ledger: Ledger<T>, key: string): T | undefined {
  const fact = Object.hasOwn(ledger, key) ? ledger[key] : undefined
  if (fact !== undefined) remove(ledger, sizeOf(ledger), key)
  return fact
}

/** Forgets the oldest facts until the ledger is within the bounds. Returns how many. */
export function forgetOldest<T>(
  ledger: Ledger<T>,
  bounds: LedgerBounds,
  onForgotten?: (fact: T) => void,
): number {
  const size = sizeOf(ledger)
  let forgotten = 0
  if (isWithin(size, bounds)) return forgotten
  for (const [key, fact] of Object.entries(ledger)) {
    if (isWithin(size, bounds)) break
    remove(ledger, size, key)
    onForgotten?.(fact)
    forgotten += 1
  }
  return forgotten
}

/** Bytes of the ledger as JSON, about. */
export function bytesOf(ledger: Ledger<unknown>): number {
  return sizeOf(ledger).bytes
}

export function isEmpty(ledger: Ledger<unknown>): boolean {
  const size = sizes.get(ledger)
  if (size !== undefined) return size.entries === 0
  for (const _ in ledger) return sizeOf(ledger).entries === 0
  return true
}

/** A copy that shares its facts with the original. */
export function copyLedger<T>(from: Ledger<T>): Ledger<T> {
  const copy = { ...from }
  const size = sizes.get(from)
  if (size !== undefined) sizes.set(copy, { ...size })
  return copy
}

function isWithin(size: Size, bounds: LedgerBounds): boolean {
  return size.entries <= bounds.entries && size.bytes <= bounds.bytes
}

function shareOf({ entries, bytes }: LedgerBounds): LedgerBounds {
  return { entries: entries * KEPT_SHARE, bytes: bytes * KEPT_SHARE }
}

function remove(ledger: Ledger<unknown>, size: Size, key: string): void {
  size.entries -= 1
  size.bytes -= entryBytes(key, ledger[key])
  delete ledger[key]
}

function sizeOf(ledger: Ledger<unknown>): Size {
  const known = sizes.get(ledger)
  if (known !== undefined) return known
  const size = { entries: 0, bytes: 0 }
  for (const [key, fact] of Object.entries(ledger)) {
    size.entries += 1
    size.bytes += entryBytes(key, fact)
  }
  sizes.set(ledger, size)
  return size
}

function entryBytes(key: string, fact: unknown): number {
  return textBytes(key) + jsonBytes(fact) + 2
}
