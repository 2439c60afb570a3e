/** The durable queue of budget alerts that a webhook has not taken yet, as its sender sees it. */
import type { BudgetAlert } from './budget.ts'

export interface QueuedAlert {
  /** Unique over all installations, the same at each try. */
  readonly id: string
  readonly alert: BudgetAlert
  /** Tries that failed so far. */
  readonly attempts: number
  /** When it may be tried; 0 for at once. */
  readonly notBeforeMs: number
}

export interface AlertQueue {
  /** The one that may be tried first, also when that is later; undefined when none waits. */
  next(): Promise<QueuedAlert | undefined>
  /** Counts a failed try and puts the alert off. */
  putOff(id: string, notBeforeMs: number): Promise<void>
  /** It was sent, or is given up: it waits no longer. */
  settle(id: string): Promise<void>
}
