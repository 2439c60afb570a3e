/** Budgets that commands defined, over SQLite: few rows, read whole. */
import type { BudgetStore } from '../../domain/managed-budget.ts'
import { listBudgets } from '../shared/budgets.ts'
import type { Connection } from './connection.ts'
import type { Write } from './writer.ts'

export function createBudgetRows(
  { handle, shared }: Pick<Connection, 'handle' | 'shared'>,
  write: Write,
): BudgetStore {
  const insert = (onConflict: string) =>
    handle.prepare<[string, string, string | null, string, number]>(
      `insert into budgets (name, subject_kind, subject, time_window, limit_usd)
       values (?, ?, ?, ?, ?) on conflict ${onConflict}`,
    )
  const add = insert('do nothing')
  const replace = insert(
    `(name) do update set subject_kind = excluded.subject_kind, subject = excluded.subject,
       time_window = excluded.time_window, limit_usd = excluded.limit_usd`,
  )
  const remove = handle.prepare<[string]>('delete from budgets where name = ?')

  return {
    list: () => listBudgets(shared),
    put: async ({ name, of, subject = null, window, limitUsd }, { replaces }) => {
      const statement = replaces ? replace : add
      const { changes } = await write(() => statement.run(name, of, subject, window, limitUsd))
      return changes > 0
    },
    remove: async (name) => (await write(() => remove.run(name))).changes > 0,
  }
}
