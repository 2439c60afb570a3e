/** What the ledger and the brake of budgets read, and the overrides that are stored, over SQLite. */
import type { BrakeStore, OverrideScope } from '../../domain/budget-brake.ts'
import { createBrakeReader } from '../shared/brake.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import { createSpentGroups } from './queries/spent-groups.ts'
import type { Write } from './writer.ts'

interface EndedOverrides {
  readonly nowMs: number
  readonly all: number
  readonly scope: OverrideScope | null
  readonly subject: string | null
}

export function createBrakeRows(connection: Connection, write: Write): BrakeStore {
  const { kysely } = connection
  const spending = createSpentGroups(connection, 'quarters')
  const insert = prepare(connection, (row: NewRow<'budget_overrides'>) =>
    kysely.insertInto('budget_overrides').values(row),
  )
  const end = prepare(connection, (of: EndedOverrides) =>
    kysely
      .updateTable('budget_overrides')
      // Over at once by any replica's clock.
      .set({ until_ms: 0 })
      .where('until_ms', '>', of.nowMs)
      .where((eb) =>
        eb.or([
          eb(eb.val(of.all), '=', 1),
          eb.and([eb('scope', 'is', of.scope), eb('subject', 'is', of.subject)]),
        ]),
      ),
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
    endOverrides: async (which, nowMs) => {
      const { scope = null, subject = null } = which === 'all' ? {} : which
      const asked = { nowMs, all: which === 'all' ? 1 : 0, scope, subject }
      return write(() => end.run(asked).changes)
    },
  }
}
