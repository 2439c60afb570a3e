/** `GET /api/budgets`: what was meant to be spent, and what was. */
import { z } from 'zod'
import { MAX_OVERRIDE_MS, readOverriddenBudget } from '../../domain/budget-brake.ts'
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

/** `POST /api/budgets/overrides`: lifts what spent budgets refuse, for a while. */
export const budgetOverrideAsked = z
  .object({
    /** From now on, ms; at most 31 days. */
    forMs: z.int().min(1000).max(MAX_OVERRIDE_MS),
    /** `session`, `day`, `user`, `team`, or one of them such as `user:ada`; absent for every budget. */
    budget: z
      .string()
      .max(2000)
      .refine((text) => readOverriddenBudget(text) !== undefined, {
        error: 'expected day, session, user or team, or one of these such as user:ada',
      })
      .optional(),
    /** Who asks. */
    by: z.string().min(1).max(200).optional(),
  })
  .meta({ id: 'BudgetOverrideAsked' })
export type BudgetOverrideAsked = z.infer<typeof budgetOverrideAsked>

/** Those that are in force, the oldest first. */
export const budgetOverridesAnswer = z
  .object({
    overrides: z.array(
      z.object({
        /** Null for every budget. */
        budget: z.string().nullable(),
        untilMs: timeMs,
        createdMs: timeMs,
        by: z.string(),
      }),
    ),
  })
  .meta({ id: 'BudgetOverrides' })
export type BudgetOverrides = z.infer<typeof budgetOverridesAnswer>

/** `GET /api/sessions/:key/status-line`; a status line gets the same under the key of its agent's hooks. */
export const statusLineAnswer = z
  .object({
    sessionUsd: usd,
    /** What its user spent today; as long as it has no user, all spending that is visible. */
    todayUsd: usd,
    /** The budgets that the session is held against. */
    budgets: z.array(
      z.object({
        scope: z.enum(['session', 'day', 'user', 'team']),
        limitUsd: usd,
        spentUsd: usd,
      }),
    ),
  })
  .meta({ id: 'StatusLine' })
