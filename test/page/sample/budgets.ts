/** A budget of twenty dollars a day. */
import type { Budgets } from '../../../src/api/contract/budgets.ts'

const DAY_MS = 86_400_000

export function budgets(spentUsd: number, nowMs: number): Budgets {
  const part = spentUsd / 20
  return {
    budgets: [
      {
        scope: 'day',
        name: null,
        sessionKey: null,
        limitUsd: 20,
        spentUsd,
        level: part >= 1 ? 'over' : part >= 0.8 ? 'near' : 'ok',
        resetsMs: nowMs + DAY_MS / 2,
      },
    ],
  }
}
