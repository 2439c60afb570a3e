/**
 * The bounds and rhythms of delivery. Tests shrink them; nobody else needs to.
 */

export interface DeliveryLimits {
  /** Items taken from the outbox at once. */
  readonly takeItems: number
  /** Stored payload taken from the outbox at once, about. */
  readonly takeBytes: number
  /** Requests of a lane at the same time to begin with. */
  readonly firstConcurrent: number
  /** Ceiling of the first backoff; doubles with each failure in a row. */
  readonly backoffFirstMs: number
  readonly backoffLongestMs: number
  /** What is put off for longer was put off under a clock that has been set back since. */
  readonly longestHoldMs: number
  /** How long wrong keys hold a lane before they are tried again. */
  readonly unauthorizedHoldMs: number
  /** Without a word from the server for this long, an idle delivery asks. */
  readonly probeMs: number
  /** How much longer other lanes wait than the principal one, which tries first. */
  readonly principalFirstMs: number
}

export const DELIVERY_LIMITS: DeliveryLimits = {
  takeItems: 200,
  takeBytes: 1_000_000,
  firstConcurrent: 4,
  backoffFirstMs: 1_000,
  backoffLongestMs: 60_000,
  longestHoldMs: 3_600_000,
  unauthorizedHoldMs: 30_000,
  probeMs: 30_000,
  principalFirstMs: 1_000,
}

/** As much of a logger as delivery needs; a Pino logger is one. */
export interface DeliveryLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
