/**
 * The reader over PostgreSQL: a pool of its own whose connections can only read, on the server itself or
 * on a replica of it. Each answer is of one moment, but a replica may be a little behind.
 */
import { err, ok, type Result } from '../../domain/result.ts'
import type { StoreReader } from '../store-reader.ts'
import { listDeadItems } from './dead-items.ts'
import { openExisting } from './open-database.ts'
import { createBudgetReader, createEventGapReader } from './queries/spending.ts'
import { createFacetReader } from './queries/facets.ts'
import { createFleetReader } from './queries/fleet.ts'
import { createRecordReader } from './queries/records.ts'
import { createSessionDetails } from './queries/sessions.ts'
import { createSessionInputs } from './queries/session-inputs.ts'
import { createSessionLists } from './queries/session-lists.ts'
import { createSessionSearch } from './queries/session-search.ts'
import { createUsageReader } from './queries/usage.ts'
import { createWaitingReader } from './queries/delivery.ts'

/** Six questions run side by side, each of them one statement at a time (docs/decisions/0015). */
const CONNECTIONS = 6
/** A question ends itself after 20 s. */
const STATEMENT_TIMEOUT_MS = 25_000

/** Opens a database for reading; the error is for a person. */
export async function openPostgresReader(url: string): Promise<Result<StoreReader, string>> {
  const opened = await openExisting({
    url,
    size: CONNECTIONS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    name: 'claude-telemetry reader',
    isReadOnly: true,
  })
  if (!opened.ok) return err(opened.error.message)
  const database = opened.value
  return ok({
    usage: createUsageReader(database),
    lists: createSessionLists(database),
    search: createSessionSearch(database),
    details: createSessionDetails(database),
    facets: createFacetReader(database),
    records: createRecordReader(database),
    inputs: createSessionInputs(database),
    waiting: createWaitingReader(database),
    deadItems: { list: (limit) => listDeadItems(database, limit) },
    budgets: createBudgetReader(database),
    eventGaps: createEventGapReader(database),
    fleet: createFleetReader(database),
    close: () => database.close(),
  })
}
