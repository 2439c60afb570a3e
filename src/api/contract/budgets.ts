/** `GET /api/budgets`: what was meant to be spent, and what was. */
import { z } from 'zod'
import { MAX_OVERRIDE_MS, OVERRIDE_RULE, readOverriddenBudget } from '../../domain/budget-brake.ts'
import {
  OF_RULE,
  readBudgetOf,
  readBudgetWindow,
  WINDOW_RULE,
} from '../../domain/budget-subject.ts'
import {
  isBudgetName,
  LIMIT_RULE,
  MAX_LIMIT_USD,
  MIN_LIMIT_USD,
  NAME_RULE,
} from '../../domain/managed-budget.ts'
import { sessionKey, timeMs, usd } from './quantities.ts'

const scope = z.enum(['session', 'day', 'user', 'team', 'all', 'project', 'model', 'agent'])

export const budgetState = z
  .object({
    /** `day` is the daily budget of all of the settings; of another one for all, it is `all`. */
    scope,
    /** The session's title or key, or the user, team, project, model or agent; null for all. */
    name: z.string().nullable(),
    /** The name of a budget of the file or of a command; null for one of the settings. */
    budget: z.string().nullable().optional(),
    /** `session`, `day`, `week`, `month`, or a rolling one such as `5h`. */
    window: z.string().optional(),
    /** Of a budget for one session. */
    sessionKey: sessionKey.nullable(),
    limitUsd: usd,
    spentUsd: usd,
    /** `near` from 80 %, `over` from 100 %. */
    level: z.enum(['ok', 'near', 'over']),
    /** Of the limit; 0 once it is spent. */
    leftUsd: usd.optional(),
    /** When its window ends and it begins anew; null for a session's, and where the window rolls. */
    resetsMs: timeMs.nullable(),
    /** When its window began; null for a session's. */
    windowFromMs: timeMs.nullable().optional(),
    /**
     * At the pace of the window so far; null before a tenth of it is over, where the window rolls, while
     * nothing is spent and once all is.
     */
    forecast: z
      .object({
        /** When the window ends. */
        projectedUsd: usd,
        /** When the limit is reached; null when not before the window ends. */
        spentAtMs: timeMs.nullable(),
      })
      .nullable()
      .optional(),
  })
  .meta({ id: 'BudgetState' })
export type BudgetState = z.infer<typeof budgetState>

/** A budget as it is defined. */
export const definedBudget = z
  .object({
    /** Null for one of the settings. */
    name: z.string().nullable(),
    /** `all`, `user` for each user, `user:ada`; the same with teams, projects, models and agents. */
    for: z.string(),
    window: z.string(),
    limitUsd: usd,
    source: z.enum(['settings', 'file', 'command']),
  })
  .meta({ id: 'DefinedBudget' })
export type DefinedBudget = z.infer<typeof definedBudget>

/**
 * What was spent of them: by everyone who spent something in the window, and in sessions that are open
 * or near their limit today; the fullest first, at most 100. Empty when no budget is set.
 */
export const budgetsAnswer = z
  .object({ budgets: z.array(budgetState), defined: z.array(definedBudget).optional() })
  .meta({ id: 'Budgets' })
export type Budgets = z.infer<typeof budgetsAnswer>

/** `POST /api/budgets`: defines a budget. */
export const budgetBody = z
  .strictObject({
    name: z.string().refine(isBudgetName, `expected ${NAME_RULE}`),
    for: z
      .string()
      .refine((text) => readBudgetOf(text) !== undefined, `expected ${OF_RULE}`)
      .default('all'),
    window: z
      .string()
      .refine((text) => readBudgetWindow(text) !== undefined, `expected ${WINDOW_RULE}`),
    limitUsd: z
      .number()
      .min(MIN_LIMIT_USD, `expected ${LIMIT_RULE}`)
      .max(MAX_LIMIT_USD, `expected ${LIMIT_RULE}`),
    /** In the place of one of that name. */
    replace: z.boolean().default(false),
  })
  .meta({ id: 'BudgetBody' })
export type BudgetBody = z.input<typeof budgetBody>

/** The budgets of the settings, the file and of commands, as they are defined. */
export const definedBudgetsAnswer = z
  .object({ defined: z.array(definedBudget) })
  .meta({ id: 'DefinedBudgets' })
export type DefinedBudgets = z.infer<typeof definedBudgetsAnswer>

/** `POST /api/budgets/overrides`: lifts what spent budgets refuse, for a while. */
export const budgetOverrideAsked = z
  .object({
    /** From now on, ms; at most 31 days. */
    forMs: z.int().min(1000).max(MAX_OVERRIDE_MS),
    /** `user`, `user:ada`, `budget:foo` and so on (see the README); absent for every budget. */
    budget: z
      .string()
      .max(2000)
      .refine((text) => readOverriddenBudget(text) !== undefined, {
        error: `expected ${OVERRIDE_RULE}`,
      })
      .optional(),
    /** Who asks. */
    by: z.string().min(1).max(200).optional(),
  })
  .meta({ id: 'BudgetOverrideAsked' })
export type BudgetOverrideAsked = z.infer<typeof budgetOverrideAsked>

/** `POST /api/budgets/overrides/end`: ends overrides before their time. */
export const budgetOverrideEnded = budgetOverrideAsked
  .omit({ forMs: true })
  .meta({ id: 'BudgetOverrideEnded' })
export type BudgetOverrideEnded = z.infer<typeof budgetOverrideEnded>

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
        scope,
        /** The name of a budget of the file or of a command; absent for one of the settings. */
        budget: z.string().optional(),
        limitUsd: usd,
        spentUsd: usd,
      }),
    ),
  })
  .meta({ id: 'StatusLine' })
