/** A budget's alert in one sentence for a person: in the log, in the trace and in a chat. */
import type { BudgetAlert } from './budget.ts'

/** Ids of agents can be of any length. */
const MAX_NAME_LENGTH = 200

/**
 * `80 % of the daily budget of team red is spent: $8.12 of $10.00 on 2026-11-21`. `shown` makes the
 * name of a session, user or team fit for where the sentence goes: agents send it as they like.
 */
export function budgetText(
  alert: BudgetAlert,
  shown: (name: string) => string = (name) => name,
): string {
  const { threshold, spentUsd, limitUsd, date } = alert
  const when = date === '' ? '' : ` on ${date}`
  const sums = `${moneyText(spentUsd)} of ${moneyText(limitUsd)}${when}`
  return `${threshold} % of the ${budgetName(alert, shown)} is spent: ${sums}`
}

function budgetName({ scope, subject }: BudgetAlert, shown: (name: string) => string): string {
  const name = shown(subject.slice(0, MAX_NAME_LENGTH).toWellFormed())
  switch (scope) {
    case 'session':
      return `budget of session ${name}`
    case 'day':
      return 'daily budget'
    case 'user':
      return `daily budget of ${name}`
    case 'team':
      return `daily budget of team ${name}`
  }
}

function moneyText(usd: number): string {
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`
}
