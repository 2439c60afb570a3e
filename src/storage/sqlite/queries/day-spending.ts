/**
 * What was spent within a day, by all and by each user and team, off the usage rows: one source for
 * what budgets are held against and for what is shown of them. A read of some thousand rows.
 */
import type { Owner } from '../../../domain/access.ts'
import type { BudgetDay } from '../../../domain/budget.ts'
import type { Connection } from '../connection.ts'
import { addSpending, type DaySpending } from '../../day-spending.ts'
import { prepare } from '../prepared.ts'
import { soundSum } from './sound-figures.ts'

/** Whoever gets the sums may add to them. */
export type ReadDaySpending = (
  day: Pick<BudgetDay, 'fromMs' | 'toMs'>,
  owner?: Owner,
) => DaySpending

interface Asked extends Pick<BudgetDay, 'fromMs' | 'toMs'> {
  /** Of the owner; null is everybody's. */
  readonly team: string | null
  readonly user: string | null
}

export function createDaySpending(
  connection: Pick<Connection, 'handle' | 'kysely'>,
): ReadDaySpending {
  const sums = prepare(connection, (of: Asked) =>
    connection.kysely
      .selectFrom('model_usage')
      .innerJoin('sessions', 'sessions.id', 'session_ref')
      .select(['user_id', 'team', soundSum('model_usage.cost_usd', 'usd').as('cost_usd')])
      .where('bucket_ms', '>=', of.fromMs)
      .where('bucket_ms', '<', of.toMs)
      .where((eb) => eb.or([eb(eb.val(of.team), 'is', null), eb('owner_team', '=', of.team)]))
      .where((eb) => eb.or([eb(eb.val(of.user), 'is', null), eb('owner_user', '=', of.user)]))
      .groupBy(['user_id', 'team']),
  )

  return ({ fromMs, toMs }, { team: ownerTeam = null, user: ownerUser = null } = {}) => {
    const day: DaySpending = { totalUsd: 0, users: new Map(), teams: new Map() }
    const asked = { fromMs, toMs, team: ownerTeam, user: ownerUser }
    for (const { user_id, team, cost_usd } of sums.all(asked)) {
      addSpending(day, { userId: user_id ?? undefined, team: team ?? undefined }, cost_usd ?? 0)
    }
    return day
  }
}
