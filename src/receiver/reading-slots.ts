/**
 * How many gRPC messages are read at once. The library shows a message only when it is whole, so
 * its bytes cannot be counted while they come; a slot bounds them all the same, at the size of
 * the largest message.
 */

/** Messages read at once. A small one is read in the turn of the event loop it came in. */
export const MAX_READING = 4

export interface ReadingSlots {
  /**
   * Calls back once there is a slot, in the order of asking. The function returned gives the
   * slot back, or the place in the queue. Further calls do nothing.
   */
  acquire(onTurn: () => void): () => void
}

/** Slots, all free. */
export function createReadingSlots(slots = MAX_READING): ReadingSlots {
  const waiting = new Set<() => void>()
  const reading = new Set<() => void>()

  const callNext = (): void => {
    for (const onTurn of waiting) {
      if (reading.size >= slots) return
      waiting.delete(onTurn)
      reading.add(onTurn)
      onTurn()
    }
  }

  return {
    acquire: (onTurn) => {
      // A key of its own for each call.
      const turn = (): void => onTurn()
      waiting.add(turn)
      callNext()
      return () => {
        waiting.delete(turn)
        if (reading.delete(turn)) callNext()
      }
    },
  }
}
