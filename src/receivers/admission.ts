/**
 * The bounds on work in flight, over both servers: one budget of bytes for all that requests hold
 * in memory until they are answered, and two counts, of requests that arrive and of requests that
 * are handled. Load beyond them never grows the heap.
 *
 * A request that still arrives keeps its place only as long as nobody needs it: when there is no
 * room, the one that is furthest behind the minimum data rate is evicted. A request that is whole
 * is never evicted; beyond what can be handled, new ones are refused.
 */
import type { Clock } from '../domain/clock.ts'
import { createPace, type Pace } from './pace.ts'

/** Requests that may arrive concurrently; each one is a small object and what has come of its body. */
export const MAX_ARRIVING = 2000
/** Requests that may be handled concurrently; each one waits for the same disk. */
export const MAX_HANDLED = 1000
/**
 * Memory for decoding, beside that for bodies: a body that there was room for can be decoded. The
 * largest record there may be takes some 24 MiB.
 */
const DECODING_BYTES = 32 * 1024 * 1024

/** One request's share. */
export interface Permit {
  /** The client sent bytes: they count for its pace. */
  sent(bytes: number): void
  /** Takes room in memory; false when there is none, and nothing is taken. */
  grow(bytes: number): boolean
  /** Gives it back. */
  shrink(bytes: number): void
  /** The same for what decoding takes, which has some room beside that of bodies. */
  growDecoding(bytes: number): boolean
  shrinkDecoding(bytes: number): void
  /** The request is whole, and handled from now on. False when too many are. */
  complete(): boolean
  /** Has the callback called when the request is evicted; the permit is void then. */
  onEvicted(callback: () => void): void
  /** Gives everything back. Further calls do nothing. */
  readonly release: () => void
}

export interface Admission {
  /** Lets a request begin to arrive if there is room for what it says it brings. */
  admit(expectedBytes: number): Permit | undefined
  /** Evicts every request that is behind the minimum data rate. */
  evictSlow(): void
}

export interface AdmissionLimits {
  /** Of bodies, and all that is kept for requests. */
  readonly maxBytes: number
  /** Beside those, of records that are decoded. */
  readonly decodingBytes?: number
  readonly maxArriving?: number
  readonly maxHandled?: number
}

interface Arriving {
  readonly pace: Pace
  readonly held: Memory
  readonly evict: () => void
}

/** What is taken, in bytes. */
interface Memory {
  bodies: number
  decoding: number
}

/** Bounds with nothing in flight. */
export function createAdmission(
  {
    maxBytes,
    decodingBytes = DECODING_BYTES,
    maxArriving = MAX_ARRIVING,
    maxHandled = MAX_HANDLED,
  }: AdmissionLimits,
  clock: Clock,
): Admission {
  const arriving = new Set<Arriving>()
  const used: Memory = { bodies: 0, decoding: 0 }
  let handled = 0

  const isRoom = (bodies: number, decoding: number): boolean =>
    used.bodies + bodies <= maxBytes &&
    used.bodies + used.decoding + bodies + decoding <= maxBytes + decodingBytes

  /** The late request that has the most of what is needed. */
  function slowest(amount: (request: Arriving, lateMs: number) => number): Arriving | undefined {
    const nowMs = clock.now()
    let found: Arriving | undefined
    let most = 0
    for (const request of arriving) {
      const lateMs = request.pace.lateMs(nowMs)
      const has = lateMs > 0 ? amount(request, lateMs) : 0
      if (has <= most) continue
      found = request
      most = has
    }
    return found
  }

  function makeRoom(bodies: number, decoding: number): boolean {
    while (!isRoom(bodies, decoding)) {
      const victim = slowest(({ held }) => held.bodies)
      if (victim === undefined) return false
      victim.evict()
    }
    return true
  }

  function makePlace(): boolean {
    if (arriving.size < maxArriving) return true
    const victim = slowest((_, lateMs) => lateMs)
    victim?.evict()
    return victim !== undefined
  }

  function createPermit(): Permit {
    let state: 'arriving' | 'handled' | 'released' = 'arriving'
    let evicted: (() => void) | undefined
    const held: Memory = { bodies: 0, decoding: 0 }
    const request: Arriving = {
      pace: createPace(clock.now()),
      held,
      evict: () => {
        release()
        evicted?.()
      },
    }
    arriving.add(request)

    function add(bodies: number, decoding: number): void {
      held.bodies += bodies
      held.decoding += decoding
      used.bodies += bodies
      used.decoding += decoding
    }

    function grow(bodies: number, decoding: number): boolean {
      // Making room may have evicted this request itself.
      if (!makeRoom(bodies, decoding) || state === 'released') return false
      add(bodies, decoding)
      return true
    }

    function shrink(bodies: number, decoding: number): void {
      if (state !== 'released') add(-bodies, -decoding)
    }

    function release(): void {
      if (state === 'arriving') arriving.delete(request)
      if (state === 'handled') handled -= 1
      shrink(held.bodies, held.decoding)
      state = 'released'
    }

    return {
      sent: (bytes) => request.pace.sent(bytes, clock.now()),
      grow: (bytes) => grow(bytes, 0),
      shrink: (bytes) => shrink(bytes, 0),
      growDecoding: (bytes) => grow(0, bytes),
      shrinkDecoding: (bytes) => shrink(0, bytes),
      complete: () => {
        if (state !== 'arriving' || handled >= maxHandled) return false
        arriving.delete(request)
        handled += 1
        state = 'handled'
        return true
      },
      onEvicted: (callback) => {
        evicted = callback
      },
      release,
    }
  }

  return {
    // Expected bytes are not taken yet: a client that announces a lot and sends nothing would
    // keep others out.
    admit: (expectedBytes) =>
      makePlace() && makeRoom(expectedBytes, 0) ? createPermit() : undefined,
    evictSlow: () => {
      const nowMs = clock.now()
      for (const request of arriving) if (request.pace.lateMs(nowMs) > 0) request.evict()
    },
  }
}
