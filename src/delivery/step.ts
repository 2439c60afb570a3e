/** How one turn of the delivery loop ended; `restMs` is how long nothing is to be done. */
export type Step =
  | { readonly kind: 'worked' }
  /** Nothing was due; `pending` when something will be. */
  | { readonly kind: 'idle'; readonly restMs: number; readonly pending: boolean }
  /** Nothing may be sent at present. */
  | { readonly kind: 'held'; readonly restMs: number }
  /** The outbox failed. */
  | { readonly kind: 'broken'; readonly restMs: number }
