/**
 * Breakdowns by names that come from outside: models, tools, events, … Their number is bounded, and
 * so are their bytes; names beyond the bounds share one entry. Plain data; entries are added by the
 * functions of this file alone.
 */
import { textBytes } from '../json-bytes.ts'

/** Entries by name. */
export type NameTable<T> = Record<string, T>

/** The entry that names without one of their own share. */
export const OTHER_NAMES = '(other)'

/** Names kept apart in one table. */
const MAX_NAMES = 200
/** Bytes of these names as JSON: a bound that only very long ones meet. */
const MAX_NAME_BYTES = 16_000

interface Size {
  names: number
  bytes: number
}

/** Worked out when a table is first asked for a new name, and kept up from then on. */
const sizes = new WeakMap<NameTable<unknown>, Size>()

/** The entry of a name, or the shared one; made where it is new. */
export function entryOf<T>(table: NameTable<T>, name: string, make: () => T): T {
  const key = keyOf(table, name)
  const known = Object.hasOwn(table, key) ? table[key] : undefined
  if (known !== undefined) return known
  const size = sizeOf(table)
  size.names += 1
  size.bytes += textBytes(key)
  const made = make()
  table[key] = made
  return made
}

/** Takes out the entry that a name has or shares. */
export function dropEntry(table: NameTable<unknown>, name: string): void {
  const key = keyOf(table, name)
  if (!Object.hasOwn(table, key)) return
  const size = sizeOf(table)
  size.names -= 1
  size.bytes -= textBytes(key)
  delete table[key]
}

/** Adds 1, or `by`, under a name. */
export function count(table: NameTable<number>, name: string, by = 1): void {
  const key = keyOf(table, name)
  table[key] = entryOf(table, key, () => 0) + by
}

/** The name under which a table has or would have an entry for `name`. */
export function keyOf(table: NameTable<unknown>, name: string): string {
  if (Object.hasOwn(table, name)) return name
  // To assign this one would change the table's prototype.
  if (name === '__proto__') return OTHER_NAMES
  const { names, bytes } = sizeOf(table)
  return names < MAX_NAMES && bytes + textBytes(name) <= MAX_NAME_BYTES ? name : OTHER_NAMES
}

function sizeOf(table: NameTable<unknown>): Size {
  const known = sizes.get(table)
  if (known !== undefined) return known
  const size = { names: 0, bytes: 0 }
  for (const name of Object.keys(table)) {
    size.names += 1
    size.bytes += textBytes(name)
  }
  sizes.set(table, size)
  return size
}
