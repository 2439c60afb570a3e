/**
 * Why one record was refused while its neighbours were kept. Goes into `partialSuccess`
 * and into the counters; never an exception.
 */
export interface Rejection {
  /** Stable, low-cardinality name for counters. */
  readonly reason:
    | 'malformed'
    | 'unknown_agent'
    /** From a known agent, about its internals: nothing of it is shown. */
    | 'not_work'
    | 'no_event_name'
    | 'no_session'
    | 'session_id_too_long'
  /** What was wrong, with the value, for a person. */
  readonly message: string
}

/** What became of one request: records kept, and each refusal. */
export interface Intake<T> {
  readonly accepted: readonly T[]
  readonly rejected: readonly Rejection[]
}
