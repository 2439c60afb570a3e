/** What the ledger and the brake of budgets read, and the overrides that are stored, over PostgreSQL. */
import type { BrakeStore } from '../../domain/budget-brake.ts'
import { createBrakeReader } from '../shared/brake.ts'
import type { Database } from './connection.ts'
import { spentGroups } from './queries/spending.ts'
import { optionalText, plainText } from './stored-values.ts'
import type { Write } from './writer.ts'

export function createBrakeRows(database: Database, write: Write): BrakeStore {
  return {
    spending: (span) => spentGroups(database, span, 'quarters'),
    ...createBrakeReader(database.shared),
    addOverride: async ({ scope, subject, untilMs, createdMs, createdBy }) => {
      await write(() =>
        database.run(
          `insert into budget_overrides (scope, subject, until_ms, created_ms, created_by)
           values ($1, $2, $3, $4, $5)`,
          [scope ?? null, optionalText(subject), untilMs, createdMs, plainText(createdBy)],
        ),
      )
    },
    endOverrides: (which, nowMs) => {
      const { scope, subject } = which === 'all' ? {} : which
      return write(() =>
        database.run(
          // Over at once by any replica's clock.
          `update budget_overrides set until_ms = 0
           where until_ms > $1 and ($2 or (scope is not distinct from $3 and subject is not distinct from $4))`,
          [nowMs, which === 'all', scope ?? null, optionalText(subject)],
        ),
      )
    },
  }
}
