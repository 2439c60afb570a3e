/**
 * A budget alert as it stands in a trace: an EVENT at level WARNING below the root of the turn
 * that the session is in. Its key is made of what names the alert, so the same alert has the same
 * id however often it is made.
 */
import { type BudgetAlert, budgetText } from '../domain/budget.ts'
import type { Emission } from '../domain/emission.ts'
import type { Draft } from './draft.ts'
import type { SessionPolicy } from './policy.ts'
import type { SessionState } from './state.ts'
import { emitInCurrentTurn } from './turns/turn.ts'
import { emptyUsageDraft } from './usage/usage.ts'

/** The EVENT for the session whose spending passed the threshold; none before its first turn. */
export function budgetEvents(
  state: SessionState,
  alert: BudgetAlert,
  policy: SessionPolicy,
): readonly Emission[] {
  const draft: Draft = { state, policy, emissions: [], usage: emptyUsageDraft() }
  emitBudgetEvent(draft, alert)
  return draft.emissions
}

/** The same within a step. Changes nothing of the session. */
export function emitBudgetEvent(draft: Draft, alert: BudgetAlert): void {
  const { scope, subject, date, threshold, limitUsd, spentUsd } = alert
  const { lastMs } = draft.state
  emitInCurrentTurn(draft, {
    type: 'event',
    key: `budget|${JSON.stringify([scope, subject, date, threshold, limitUsd])}`,
    name: threshold < 100 ? 'budget nearly spent' : 'budget spent',
    // Only the step is known, not the call; the newest record of the session is of that step.
    startMs: lastMs,
    endMs: lastMs,
    level: 'WARNING',
    statusMessage: budgetText(alert),
    metadata: {
      event: 'budget',
      scope,
      user: scope === 'user' ? subject : undefined,
      team: scope === 'team' ? subject : undefined,
      date: date === '' ? undefined : date,
      threshold_percent: threshold,
      limit_usd: limitUsd,
      spent_usd: spentUsd,
    },
  })
}
