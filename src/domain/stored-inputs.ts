/** What happened to a session, as it lies in the store: enough to tell the session again. */
import type { SessionControl } from './session-control.ts'
import type { SessionKey } from './identity.ts'
import type { StoredBatch } from './telemetry-record.ts'

export type StoredInput =
  | { readonly kind: 'records'; readonly batch: StoredBatch }
  | { readonly kind: 'control'; readonly control: SessionControl }
  /** What follows was folded under this policy: the value of the text that the store was given. */
  | { readonly kind: 'policy'; readonly recorded: unknown }

/** A part of it, in order. */
export interface StoredInputSlice {
  readonly inputs: readonly StoredInput[]
  /** Where the next slice begins: behind this. */
  readonly position: number
  readonly isLast: boolean
}

export interface StoredInputs {
  /** Behind a position, 0 for the first; `maxBatches` of records at most, with what stands between them. */
  slice(sessionKey: SessionKey, position: number, maxBatches: number): Promise<StoredInputSlice>
}
