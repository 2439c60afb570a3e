/** Budget alerts recorded inside a commit; `alert-rows.ts` gives what waits to the channels. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { BudgetAlert, BudgetSubject } from '../../domain/budget.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'

export interface BudgetAlertRows {
  /** What was noted of a subject. */
  noted(subject: BudgetSubject): readonly Pick<BudgetAlert, 'threshold' | 'limitUsd'>[]
  /** Alerts that wait to be given to channels. */
  waiting(): number
  insert(alert: BudgetAlert, options: AlertOptions): void
}

export interface AlertOptions {
  /** The session whose budget it is. */
  readonly sessionRef: number | undefined
  readonly isSent: boolean
}

export function createBudgetAlertRows(connection: Connection): BudgetAlertRows {
  const { kysely } = connection
  const noted = prepare(connection, ({ scope, subject, date }: BudgetSubject) =>
    kysely
      .selectFrom('budget_alerts')
      .select(['threshold', 'limit_usd as limitUsd'])
      .where('scope', '=', scope)
      .where('subject', '=', subject)
      .where('date', '=', date),
  )
  const waiting = prepare(connection, () =>
    kysely
      .selectFrom('budget_alerts')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('webhook_not_before_ms', 'is not', sql.lit(null)),
  )
  const insert = prepare(connection, (row: NewRow<'budget_alerts'> & { id: string }) =>
    kysely.insertInto('budget_alerts').values(row),
  )

  return {
    noted: ({ scope, subject, date }) => noted.all({ scope, subject, date }),
    waiting: () => waiting.get({})?.count ?? 0,
    insert: ({ limitUsd, spentUsd, atMs, ...named }, { sessionRef, isSent }) => {
      insert.run({
        ...named,
        id: randomUUID(),
        limit_usd: limitUsd,
        spent_usd: spentUsd,
        created_ms: atMs,
        session_ref: sessionRef ?? null,
        webhook_attempts: 0,
        webhook_not_before_ms: isSent ? 0 : null,
      })
    },
  }
}
