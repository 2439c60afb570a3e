/**
 * Everything that is asked of the store without changing it, over one connection of its own that
 * only reads: beside the bridge's own store, or in a command while a bridge runs.
 */
import { err, ok, type Result } from '../../domain/result.ts'
import type { StoredInputs } from '../../domain/stored-inputs.ts'
import { type DeadItems, listDeadItems } from './dead-items.ts'
import { openExisting } from './open-existing.ts'
import { type BudgetSessions, createBudgetSessions } from './queries/budget-sessions.ts'
import { createDaySpending, type ReadDaySpending } from './queries/day-spending.ts'
import { createEventGaps, type EventGaps } from './queries/event-gaps.ts'
import { createFacetQueries, type FacetQueries } from './queries/facet-queries.ts'
import { createModelBuckets, type ModelBuckets } from './queries/model-buckets.ts'
import { createRecordBatches, type RecordBatches } from './queries/record-batches.ts'
import { createSessionDetails, type SessionDetails } from './queries/session-detail.ts'
import { createSessionInputs } from './queries/session-inputs.ts'
import { createSessionLists, type SessionLists } from './queries/session-list.ts'
import { createSessionSearch, type SessionSearch } from './queries/session-search.ts'
import { createUsageQueries, type UsageQueries } from './queries/usage-queries.ts'
import { createWaitingSessions, type WaitingSessions } from './queries/waiting-sessions.ts'

export interface StoreReader {
  readonly usage: UsageQueries
  readonly lists: SessionLists
  readonly search: SessionSearch
  readonly details: SessionDetails
  readonly facets: FacetQueries
  readonly records: RecordBatches
  readonly inputs: StoredInputs
  readonly quarters: ModelBuckets
  readonly waiting: WaitingSessions
  readonly deadItems: Pick<DeadItems, 'list'>
  readonly daySpending: ReadDaySpending
  readonly budgetSessions: BudgetSessions
  readonly eventGaps: EventGaps
  close(): void
}

/** Opens the store of a data folder for reading; the error is for a person. */
export function openStoreReader(dataDir: string): Result<StoreReader, string> {
  const opened = openExisting(dataDir, 'read')
  if (!opened.ok) return err(opened.error.message)
  const connection = opened.value
  const records = createRecordBatches(connection)
  return ok({
    usage: createUsageQueries(connection),
    lists: createSessionLists(connection),
    search: createSessionSearch(connection),
    details: createSessionDetails(connection),
    facets: createFacetQueries(connection),
    records,
    inputs: createSessionInputs(connection, records),
    quarters: createModelBuckets(connection),
    waiting: createWaitingSessions(connection),
    deadItems: { list: (limit) => listDeadItems(connection, limit) },
    daySpending: createDaySpending(connection),
    budgetSessions: createBudgetSessions(connection),
    eventGaps: createEventGaps(connection),
    close: () => connection.close(),
  })
}
