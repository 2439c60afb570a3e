/**
 * The bound on work in flight: bytes and requests between arrival and answer, over both doors.
 * What is beyond it is refused at once and costs nothing, so that load never grows the heap.
 */

/** Requests at once; each one waits for the same disk. */
export const MAX_REQUESTS_IN_FLIGHT = 1000

/** One request's share. */
export interface Ticket {
  /** Takes room for bytes that have come; false when there is none, and nothing is taken. */
  grow(bytes: number): boolean
  /** Gives everything back. Further calls do nothing. */
  readonly release: () => void
}

export interface InFlight {
  /** Lets a request in if there is room for what it says it brings. */
  admit(expectedBytes: number): Ticket | undefined
}

/** A bound with nothing in flight. */
export function createInFlight(
  maxBytes: number,
  maxRequests: number = MAX_REQUESTS_IN_FLIGHT,
): InFlight {
  let bytes = 0
  let requests = 0

  const createTicket = (): Ticket => {
    let held = 0
    let isReleased = false
    requests += 1
    return {
      grow: (more) => {
        if (bytes + more > maxBytes) return false
        bytes += more
        held += more
        return true
      },
      release: () => {
        if (isReleased) return
        isReleased = true
        requests -= 1
        bytes -= held
      },
    }
  }

  return {
    // Expected bytes are not taken yet: a client that announces a lot and sends nothing would
    // keep others out.
    admit: (expectedBytes) =>
      requests < maxRequests && bytes + expectedBytes <= maxBytes ? createTicket() : undefined,
  }
}
