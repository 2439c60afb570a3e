/** What the brake of budgets reads, and the overrides that it stores, over SQLite. */
import { sql } from 'kysely'
import { type BrakeStore, type ToldSpending, toldUsd } from '../../domain/budget-brake.ts'
import { overrideOf } from '../stored-access.ts'
import { addSpending, type DaySpending } from '../day-spending.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import { sound, soundSum } from './queries/sound-figures.ts'
import type { Write } from './writer.ts'

export function createBrakeRows(connection: Connection, write: Write): BrakeStore {
  const { kysely } = connection
  const sums = prepare(connection, (day: { fromMs: number; toMs: number }) =>
    kysely
      .selectFrom('model_usage')
      .innerJoin('sessions', 'sessions.id', 'session_ref')
      .select([
        'user_id',
        'team',
        soundSum('model_usage.cost_usd', 'usd').as('cost_usd'),
        soundSum('model_usage.estimated_usd', 'usd').as('estimated_usd'),
      ])
      .where('bucket_ms', '>=', day.fromMs)
      .where('bucket_ms', '<', day.toMs)
      .groupBy(['user_id', 'team']),
  )
  const overrides = prepare(connection, ({ nowMs }: { nowMs: number }) =>
    kysely.selectFrom('budget_overrides').selectAll().where('until_ms', '>', nowMs).orderBy('id'),
  )
  const insert = prepare(connection, (row: NewRow<'budget_overrides'>) =>
    kysely.insertInto('budget_overrides').values(row),
  )

  function toldOn({ fromMs, toMs }: { fromMs: number; toMs: number }): ToldSpending {
    const day: DaySpending = { totalUsd: 0, users: new Map(), teams: new Map() }
    for (const { user_id, team, cost_usd, estimated_usd } of sums.all({ fromMs, toMs })) {
      const costUsd = toldUsd({ costUsd: cost_usd ?? 0, estimatedUsd: estimated_usd ?? 0 })
      addSpending(day, { userId: user_id ?? undefined, team: team ?? undefined }, costUsd)
    }
    return day
  }

  return {
    toldOn: async (day) => toldOn(day),
    toldSessions: async ({ sinceMs, limit }) => {
      const told = kysely
        .selectFrom('sessions')
        .select([
          'session_key as key',
          'user_id',
          'team',
          'updated_ms',
          sound('cost_usd', 'usd').as('cost_usd'),
          sound('estimated_usd', 'usd').as('estimated_usd'),
        ])
        .where('is_empty', '=', sql.lit(0))
      const open = told.where('deadline_ms', 'is not', sql.lit(null))
      const closed = told
        .where('deadline_ms', 'is', sql.lit(null))
        .where('updated_ms', '>=', sinceMs)
      const rows = await open.unionAll(closed).orderBy('updated_ms', 'desc').limit(limit).execute()
      return rows.map(({ key, user_id, team, cost_usd, estimated_usd }) => ({
        key,
        userId: user_id ?? undefined,
        team: team ?? undefined,
        toldUsd: toldUsd({ costUsd: cost_usd ?? 0, estimatedUsd: estimated_usd ?? 0 }),
      }))
    },
    overrides: async (nowMs) => overrides.all({ nowMs }).map(overrideOf),
    addOverride: async ({ scope, subject, untilMs, createdMs, createdBy }) => {
      const row = {
        scope: scope ?? null,
        subject: subject ?? null,
        until_ms: untilMs,
        created_ms: createdMs,
        created_by: createdBy,
      }
      await write(() => insert.run(row))
    },
  }
}
