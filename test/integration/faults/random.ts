/** Chance that repeats: the same seed gives the same numbers. */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** A whole number, both bounds included. */
  between(min: number, max: number): number
  /** One of the values. */
  pick<T>(values: readonly [T, ...T[]]): T
  /** True in one of `times` cases. */
  oneIn(times: number): boolean
}

/** Mulberry32: 32 bits of state, plenty for choosing moments. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  return {
    next,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick: (values) => values[Math.floor(next() * values.length)] ?? values[0],
    oneIn: (times) => next() * times < 1,
  }
}
