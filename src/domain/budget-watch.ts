/** What a store needs to know to watch over budgets inside its commits. All of it is pure. */
import type { BudgetAlert, BudgetDay, BudgetLimits } from './budget.ts'
import type { Emission } from './emission.ts'

/**
 * What a commit spends is held against the limits; a threshold that was passed is recorded with the
 * commit, once, together with what is to be said of it.
 */
export interface BudgetWatch<S> {
  readonly limits: BudgetLimits
  /** The day that a time counts for. */
  dayOf(timeMs: number): BudgetDay
  /** What the session whose spending passed the threshold says of it, by its state. */
  events(state: S, alert: BudgetAlert): readonly Emission[]
  /** Alerts wait in the queue for a webhook. */
  readonly hasWebhook: boolean
}
