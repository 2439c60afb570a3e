/**
 * What happens to a session that none of its records says: time passes, it is closed, it passes a
 * budget. A control that decided something is stored in one order with the records, so that a
 * replay gives the rows that were sent.
 */
import type { PassedThreshold } from './budget.ts'
import type { SessionKey } from './identity.ts'

/** Why a session was closed. */
export type CloseReason = 'idle' | 'shutdown' | 'max_age' | 'limit' | 'session_end' | 'imported'

/** `atMs` is the bridge's own time, epoch ms. */
export type SessionControl =
  | { readonly kind: 'tick'; readonly atMs: number }
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly atMs: number }
  | { readonly kind: 'budget'; readonly alert: PassedThreshold }

/** A control together with the session it is for. */
export interface ControlOfSession {
  readonly sessionKey: SessionKey
  readonly control: SessionControl
}

/** A control as it lies in the store. Positions are those of records: one sequence orders both. */
export interface StoredControl {
  readonly position: number
  readonly control: SessionControl
}
