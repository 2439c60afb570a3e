/** `GET /api/budgets`: what was meant to be spent, and what was. */
import { z } from 'zod'
import { sessionKey, timeMs, usd } from './quantities.ts'

export const budgetState = z
  .object({
    scope: z.enum(['session', 'day', 'user', 'team']),
    /** The session's title or key, the user, the team; null for the whole day. */
    name: z.string().nullable(),
    /** Of a budget for one session. */
    sessionKey: sessionKey.nullable(),
    limitUsd: usd,
    spentUsd: usd,
    /** `near` from 80 %, `over` from 100 %. */
    level: z.enum(['ok', 'near', 'over']),
    /** When it begins anew; null for a session's. */
    resetsMs: timeMs.nullable(),
  })
  .meta({ id: 'BudgetState' })
export type BudgetState = z.infer<typeof budgetState>

/**
 * Those of the day, of users and teams that spent today, and of sessions that are open or near
 * their limit today; the fullest first, at most 100. Empty when no budget is set.
 */
export const budgetsAnswer = z.object({ budgets: z.array(budgetState) }).meta({ id: 'Budgets' })
export type Budgets = z.infer<typeof budgetsAnswer>
