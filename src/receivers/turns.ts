/**
 * Turns for expensive work: so many at a time, in the order of asking, and with a round of I/O before
 * each. So however many ask, everyone else waits for a few of them at most.
 */

export interface Turns {
  /** Resolves when it is one's turn, to a function that ends it. Further calls of that do nothing. */
  next(): Promise<() => void>
}

export function createTurns(atOnce: number): Turns {
  const waiting: (() => void)[] = []
  let taken = 0

  function grant(): void {
    while (taken < atOnce && waiting.length > 0) {
      taken += 1
      setImmediate(waiting.shift() as () => void)
    }
  }

  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(() => {
          let isOver = false
          resolve(() => {
            if (isOver) return
            isOver = true
            taken -= 1
            grant()
          })
        })
        grant()
      }),
  }
}
