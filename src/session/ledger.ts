/**
 * Facts that wait for the thing they belong to, by its id. Bounded: beyond `MAX_ENTRIES` the
 * oldest is forgotten. Plain data; ids are prefixed, so that none of them is special.
 */
export type Ledger<T> = Record<string, T>

const MAX_ENTRIES = 1000
const PREFIX = ':'

export function note<T>(ledger: Ledger<T>, id: string, fact: T): void {
  const key = PREFIX + id
  delete ledger[key]
  ledger[key] = fact
  const keys = Object.keys(ledger)
  if (keys.length > MAX_ENTRIES) delete ledger[keys[0] as string]
}

export function look<T>(ledger: Ledger<T>, id: string | undefined): T | undefined {
  // Most ledgers are empty most of the time, and then the key need not be made.
  return id === undefined || isEmpty(ledger) ? undefined : ledger[PREFIX + id]
}

function isEmpty(ledger: Ledger<unknown>): boolean {
  for (const _ in ledger) return false
  return true
}

/** The fact, which is then forgotten. */
export function take<T>(ledger: Ledger<T>, id: string | undefined): T | undefined {
  const fact = look(ledger, id)
  if (fact !== undefined) delete ledger[PREFIX + id]
  return fact
}
