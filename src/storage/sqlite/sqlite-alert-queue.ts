/** The queue of budget alerts for the webhook, over SQLite. Each mark is a statement of its own. */
import { sql } from 'kysely'
import type { AlertQueue } from '../../domain/budget.ts'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'
import type { Write } from './writer.ts'

export function createSqliteAlertQueue(connection: Connection, write: Write): AlertQueue {
  const { kysely } = connection
  const next = prepare(connection, () =>
    kysely
      .selectFrom('budget_alerts')
      .selectAll()
      // A literal: SQLite uses a partial index only where it sees the index's condition.
      .where('webhook_not_before_ms', 'is not', sql.lit(null))
      .orderBy('webhook_not_before_ms')
      .orderBy('created_ms')
      .limit(sql.lit(1)),
  )
  const putOff = prepare(connection, (to: { id: string; notBeforeMs: number }) =>
    kysely
      .updateTable('budget_alerts')
      .set(({ eb }) => ({
        webhook_attempts: eb('webhook_attempts', '+', 1),
        webhook_not_before_ms: to.notBeforeMs,
      }))
      .where('id', '=', to.id),
  )
  const settle = prepare(connection, ({ id }: { id: string }) =>
    kysely.updateTable('budget_alerts').set({ webhook_not_before_ms: null }).where('id', '=', id),
  )

  return {
    next: async () => {
      const row = next.get({})
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
    putOff: async (id, notBeforeMs) => void (await write(() => putOff.run({ id, notBeforeMs }))),
    settle: async (id) => void (await write(() => settle.run({ id }))),
  }
}
