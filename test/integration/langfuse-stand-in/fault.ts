/**
 * How the stand-in misbehaves: plain data, so that it can also be ordered over HTTP.
 */

/** Which requests a fault is for: exports with spans, empty exports, scores. */
export type RequestKind = 'spans' | 'probe' | 'scores' | 'other'

export type Fault = {
  /** Only for requests of this kind; absent: for any of spans, probe and scores. */
  readonly on?: RequestKind
} & (
  | {
      /** Answers with this status, storing nothing. */
      readonly kind: 'status'
      readonly status: number
      readonly body?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Does not answer, and stores nothing, until released; then behaves. */
  | { readonly kind: 'hang' }
  /** Resets the connection, storing nothing. */
  | { readonly kind: 'reset' }
  /** Behaves, later. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Stores, answers 200, and breaks the connection in the middle of the body. */
  | { readonly kind: 'cut' }
  /** Stores, and answers 200 with a body that is no JSON. */
  | { readonly kind: 'garbled' }
  /** Stores, begins to answer 200, and does not end the body until released. */
  | { readonly kind: 'stall' }
)

export interface FaultPlan {
  /** Appends: each fault is used up by the next request it is for. */
  add(faults: readonly Fault[]): void
  take(kind: RequestKind): Fault | undefined
}

export function createFaultPlan(): FaultPlan {
  const planned: Fault[] = []
  return {
    add: (faults) => {
      planned.push(...faults)
    },
    take: (kind) => {
      const index = planned.findIndex((fault) => kind !== 'other' && (fault.on ?? kind) === kind)
      return index < 0 ? undefined : planned.splice(index, 1)[0]
    },
  }
}
