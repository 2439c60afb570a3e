/**
 * Turns of large requests: their steps take place one after the other, in the order of asking, and
 * with a round of I/O before each. So however many there are, whoever sends a small request waits
 * for one step at most.
 */

export interface Turns {
  /** Resolves when it is one's turn, to a function that ends it. */
  next(): Promise<() => void>
}

export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve()
  return {
    next: async () => {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>()
      const before = last
      last = ended
      await before
      await new Promise((resolve) => setImmediate(resolve))
      return end
    },
  }
}
