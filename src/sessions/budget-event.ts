/**
 * A budget alert as it stands in a trace: an EVENT at level WARNING below the root of the turn
 * that the session is in. Its key is made of what names the alert, so the same alert has the same
 * id however often it is made.
 */
import { alertText } from '../domain/alert.ts'
import type { PassedThreshold } from '../domain/budget.ts'
import { rollingMs } from '../domain/budget-subject.ts'
import type { AgentEvent } from '../domain/agent-event.ts'
import type { BudgetRefusal } from '../domain/budget-refusal.ts'
import type { Emission } from '../domain/emission.ts'
import type { Draft } from './draft.ts'
import type { SessionPolicy } from './policy.ts'
import type { SessionState } from './state.ts'
import { endedTurn } from './turns/ended-turns.ts'
import {
  emitInCurrentTurn,
  emitInTurn,
  namedTurnKey,
  parentOf,
  type TurnPlace,
  turnOf,
} from './turns/turn.ts'
import { emptyUsageDraft } from './usage/usage.ts'

/** The EVENT for the session whose spending passed the threshold; none before its first turn. */
export function budgetEvents(
  state: SessionState,
  alert: PassedThreshold,
  policy: SessionPolicy,
): readonly Emission[] {
  const draft: Draft = { state, policy, emissions: [], usage: emptyUsageDraft() }
  emitBudgetEvent(draft, alert)
  return draft.emissions
}

/** The same within a step. Changes nothing of the session. */
export function emitBudgetEvent(draft: Draft, alert: PassedThreshold): void {
  const { scope, subject, date, budget, window, threshold, limitUsd, spentUsd } = alert
  const { lastMs } = draft.state
  emitInCurrentTurn(draft, {
    type: 'event',
    key: keyOf(alert),
    name: threshold < 100 ? 'budget nearly spent' : 'budget spent',
    // Only the step is known, not the call; the newest record of the session is of that step.
    startMs: lastMs,
    endMs: lastMs,
    level: 'WARNING',
    statusMessage: alertText({ kind: 'budget', ...alert }),
    metadata: {
      event: 'budget',
      scope,
      budget,
      window,
      ...(isNamed(scope) && { [scope]: subject }),
      date: date === '' ? undefined : date,
      threshold_percent: threshold,
      limit_usd: limitUsd,
      spent_usd: spentUsd,
    },
  })
}

function keyOf({ atMs, ...alert }: PassedThreshold): string {
  const { scope, subject, date, budget, window, threshold, limitUsd } = alert
  const of = [scope, subject, date, threshold, limitUsd]
  if (budget === undefined || window === undefined) return `budget|${JSON.stringify(of)}`
  // A rolling window has no name, and is told again once it has passed.
  const when = rollingMs(window) === undefined ? [] : [atMs]
  // A week and the day that it begins on are called the same.
  return `budget|${JSON.stringify([...of, budget, window, ...when])}`
}

/** What a spent budget refused, in the turn that asked for it. */
export function emitRefusal(
  draft: Draft,
  event: AgentEvent,
  { scope, subject, date, budget, window, step, limitUsd, spentUsd, reason }: BudgetRefusal,
  arrivedMs: number,
): void {
  const { subagentId } = event
  emitInTurn(draft, askingTurn(draft, event, arrivedMs), {
    type: 'event',
    key: `budget-refusal|${event.dedupKey}`,
    parentKey: parentOf(subagentId),
    name: step === 'prompt' ? 'prompt refused' : 'turn stopped',
    startMs: event.timeMs,
    endMs: event.timeMs,
    level: 'WARNING',
    statusMessage: reason,
    metadata: {
      event: 'budget_refusal',
      scope,
      budget,
      window,
      ...(isNamed(scope) && { [scope]: subject }),
      date: date === '' ? undefined : date,
      tool: event.kind === 'tool_report' ? event.tool : undefined,
      limit_usd: limitUsd,
      spent_usd: spentUsd,
    },
  })
}

/** Its subject is a name that is told; a session's key and the whole day need none. */
function isNamed(scope: BudgetRefusal['scope']): boolean {
  return scope !== 'session' && scope !== 'day' && scope !== 'all'
}

/** A turn that has ended stays so: what it is refused then joins its trace. */
function askingTurn(draft: Draft, event: AgentEvent, arrivedMs: number): TurnPlace {
  const key = namedTurnKey(event)
  const ended = key === undefined ? undefined : endedTurn(draft.state, key, event.traceId)
  if (key !== undefined && ended !== undefined) return { ...ended, key }
  return turnOf(draft, event, arrivedMs)
}
