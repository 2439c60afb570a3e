/** Counts distinct ids of 16 hex digits in memory that does not grow: a table made full size. */

export interface Distinct {
  /** False when the id was there already. */
  add(id: string): boolean
  count(): number
  readonly bytes: number
}

/** For up to about half of `slots` ids. */
export function createDistinct(slots: number): Distinct {
  const table = new BigUint64Array(slots)
  let count = 0
  return {
    add: (id) => {
      const value = BigInt(`0x${id}`)
      let slot = Number(value % BigInt(slots))
      for (; table[slot] !== 0n; slot = (slot + 1) % slots) if (table[slot] === value) return false
      if (count > slots * 0.9) throw new Error(`more than ${count} ids`)
      table[slot] = value
      count += 1
      return true
    },
    count: () => count,
    bytes: table.byteLength,
  }
}
