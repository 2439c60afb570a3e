/**
 * The queue of budget alerts for the webhook. `next` claims what it returns, so that of several replicas
 * one sends it.
 */
import type { AlertQueue } from '../../domain/budget.ts'
import type { Database } from './connection.ts'
import { isFree } from './replica.ts'
import type { BudgetAlertsTable } from './schema.ts'
import type { Write } from './writer.ts'

export function createAlertQueue(database: Database, write: Write, self: number): AlertQueue {
  return {
    next: async () => {
      const [row] = await write(() =>
        database.query<BudgetAlertsTable>(
          `with first as (
             select id from budget_alerts
             where webhook_not_before_ms is not null and ${isFree('owner', '$1')}
             order by webhook_not_before_ms, created_ms limit 1 for update skip locked)
           update budget_alerts a set owner = $1::integer from first where a.id = first.id
           returning a.*`,
          [self],
        ),
      )
      if (row === undefined) return undefined
      const { id, scope, subject, date, threshold } = row
      return {
        id,
        alert: {
          scope,
          subject,
          date,
          threshold,
          limitUsd: row.limit_usd,
          spentUsd: row.spent_usd,
          atMs: row.created_ms,
        },
        attempts: row.webhook_attempts,
        notBeforeMs: row.webhook_not_before_ms ?? 0,
      }
    },
    putOff: async (id, notBeforeMs) => {
      await write(() =>
        database.run(
          `update budget_alerts
           set webhook_attempts = webhook_attempts + 1, webhook_not_before_ms = $2
           where id = $1 and ${isFree('owner', '$3')}`,
          [id, notBeforeMs, self],
        ),
      )
    },
    settle: async (id) => {
      await write(() =>
        database.run(
          'update budget_alerts set webhook_not_before_ms = null, owner = null where id = $1',
          [id],
        ),
      )
    },
  }
}
