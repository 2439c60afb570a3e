/** Budgets that commands defined, over PostgreSQL: few rows, read whole. */
import type { BudgetStore } from '../../domain/managed-budget.ts'
import { listBudgets } from '../shared/budgets.ts'
import type { Database } from './connection.ts'
import { optionalText } from './stored-values.ts'
import type { Write } from './writer.ts'

export function createBudgetRows(database: Database, write: Write): BudgetStore {
  return {
    list: () => listBudgets(database.shared),
    put: async ({ name, of, subject, window, limitUsd }, { replaces }) => {
      const onConflict = replaces
        ? `(name) do update set subject_kind = excluded.subject_kind, subject = excluded.subject,
             time_window = excluded.time_window, limit_usd = excluded.limit_usd`
        : 'do nothing'
      const stored = await write(() =>
        database.run(
          `insert into budgets (name, subject_kind, subject, time_window, limit_usd)
           values ($1, $2, $3, $4, $5) on conflict ${onConflict}`,
          [name, of, optionalText(subject), window, limitUsd],
        ),
      )
      return stored > 0
    },
    remove: async (name) =>
      (await write(() => database.run('delete from budgets where name = $1', [name]))) > 0,
  }
}
