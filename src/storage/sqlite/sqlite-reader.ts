/**
 * The reader over SQLite: one connection of its own that only reads, beside the bridge's own store or
 * in a command while a bridge runs. Each statement holds its thread while it runs: the bridge reads on
 * a thread of its own (`reports/reader`).
 */
import { err, ok, type Result } from '../../domain/result.ts'
import { listBudgets, readBudgetSessions } from '../shared/budgets.ts'
import { createEventGapReader } from '../shared/event-gaps.ts'
import { createFacetReader } from '../shared/facets.ts'
import { createPlanReader } from '../shared/plan-windows.ts'
import type { StoreReader } from '../store-reader.ts'
import { listDeadItems, listDeadReasons } from './dead-items.ts'
import { openExisting } from './open-existing.ts'
import { createFleetQueries } from './queries/fleet.ts'
import { createModelBuckets } from './queries/model-buckets.ts'
import { createRecordBatches } from './queries/record-batches.ts'
import { createSessionDetails } from './queries/session-detail.ts'
import { createSessionInputs } from './queries/session-inputs.ts'
import { createRememberingLists } from './queries/session-list.ts'
import { createSessionSearch } from './queries/session-search.ts'
import { createSpentGroups } from './queries/spent-groups.ts'
import { createUsageQueries } from './queries/usage-queries.ts'
import { createWaitingSessions } from './queries/waiting-sessions.ts'

/** Opens the database of a data folder for reading; the error is for a person. */
export function openSqliteReader(dataDir: string): Result<StoreReader, string> {
  const opened = openExisting(dataDir, 'read')
  if (!opened.ok) return err(opened.error.message)
  const connection = opened.value
  const records = createRecordBatches(connection)
  const spending = createSpentGroups(connection, 'span')
  return ok({
    usage: { ...createUsageQueries(connection), buckets: createModelBuckets(connection) },
    lists: createRememberingLists(connection),
    search: createSessionSearch(connection),
    details: createSessionDetails(connection),
    facets: createFacetReader(connection.shared),
    records,
    inputs: createSessionInputs(connection, records),
    waiting: createWaitingSessions(connection),
    deadItems: {
      list: (limit) => listDeadItems(connection, limit),
      reasons: (limit) => listDeadReasons(connection, limit),
    },
    budgets: {
      spending: async (span, owner) => spending(span, owner),
      defined: () => listBudgets(connection.shared),
      sessions: readBudgetSessions(connection.shared),
    },
    eventGaps: createEventGapReader(connection.shared),
    fleet: createFleetQueries(connection),
    planWindows: createPlanReader(connection.shared),
    close: async () => connection.close(),
  })
}
