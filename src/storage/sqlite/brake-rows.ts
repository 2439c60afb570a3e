/** What the ledger and the brake of budgets read, and the overrides that are stored, over SQLite. */
import type { BrakeStore } from '../../domain/budget-brake.ts'
import { createBrakeReader } from '../shared/brake.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import { createSpentGroups } from './queries/spent-groups.ts'
import type { Write } from './writer.ts'

export function createBrakeRows(connection: Connection, write: Write): BrakeStore {
  const { kysely } = connection
  const spending = createSpentGroups(connection, 'quarters')
  const insert = prepare(connection, (row: NewRow<'budget_overrides'>) =>
    kysely.insertInto('budget_overrides').values(row),
  )

  return {
    spending: async (span) => spending(span),
    ...createBrakeReader(connection.shared),
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
