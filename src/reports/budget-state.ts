/** What was meant to be spent today and in each session, and what was: for the page. */
import type { Visible } from '../domain/access.ts'
import { type BudgetLimits, reachedThreshold, THRESHOLDS } from '../domain/budget.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { Budgets, BudgetState } from '../api/contract/budgets.ts'
import { cutName } from './answer-bounds.ts'
import { dayOf } from './time-buckets.ts'

const MAX_BUDGETS = 100

export interface BudgetStateDeps {
  readonly reader: Pick<StoreReader, 'budgets'>
  readonly limits: BudgetLimits
  readonly timeZone: string
  readonly now: () => number
}

/**
 * The limits that say something to one who does not see everything: what all spend together is held
 * against the day's, and what a whole team spends against a team's.
 */
export function visibleLimits(limits: BudgetLimits, visible: Visible): BudgetLimits {
  if (visible === 'all') return limits
  const { session, user, team } = limits
  return {
    ...(session !== undefined && { session }),
    ...(user !== undefined && { user }),
    ...(team !== undefined && visible.user === undefined && { team }),
  }
}

/** As `WebQueries.budgets`. */
export function createBudgetStates(deps: BudgetStateDeps): () => Promise<Budgets> {
  return async () => {
    const states = [...(await dailyStates(deps)), ...(await sessionStates(deps))]
    const fullness = ({ spentUsd, limitUsd }: BudgetState) => spentUsd / limitUsd
    states.sort((a, b) => fullness(b) - fullness(a))
    return { budgets: states.slice(0, MAX_BUDGETS) }
  }
}

async function dailyStates({
  reader,
  limits,
  timeZone,
  now,
}: BudgetStateDeps): Promise<BudgetState[]> {
  if (limits.day === undefined && limits.user === undefined && limits.team === undefined) return []
  const today = dayOf(now(), timeZone)
  const { totalUsd, users, teams } = await reader.budgets.spendingOf(today)

  function statesOf(
    scope: 'day' | 'user' | 'team',
    sums: Iterable<readonly [string | null, number]>,
  ): BudgetState[] {
    const limitUsd = limits[scope]
    if (limitUsd === undefined) return []
    return Array.from(sums, ([name, spentUsd]) => {
      const level = levelOf(spentUsd, limitUsd)
      const shown = name === null ? null : cutName(name)
      return {
        scope,
        name: shown,
        sessionKey: null,
        limitUsd,
        spentUsd,
        level,
        resetsMs: today.toMs,
      }
    })
  }

  return [
    ...statesOf('day', [[null, totalUsd]]),
    ...statesOf('user', users),
    ...statesOf('team', teams),
  ]
}

async function sessionStates(deps: BudgetStateDeps): Promise<BudgetState[]> {
  const { reader, limits, timeZone, now } = deps
  const limitUsd = limits.session
  if (limitUsd === undefined) return []
  const sessions = await reader.budgets.sessions({
    sinceMs: dayOf(now(), timeZone).fromMs,
    leastUsd: (limitUsd * THRESHOLDS[0]) / 100,
    limit: MAX_BUDGETS,
  })
  return sessions.map(({ key, title, costUsd }) => ({
    scope: 'session',
    name: cutName(title ?? key),
    sessionKey: key,
    limitUsd,
    spentUsd: costUsd,
    level: levelOf(costUsd, limitUsd),
    resetsMs: null,
  }))
}

function levelOf(spentUsd: number, limitUsd: number): BudgetState['level'] {
  const reached = reachedThreshold(spentUsd, limitUsd)
  if (reached === undefined) return 'ok'
  return reached < 100 ? 'near' : 'over'
}
