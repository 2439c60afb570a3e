/**
 * The reader over PostgreSQL: a pool of its own whose connections can only read, on the server itself or
 * on a replica of it. Each answer is of one moment, but a replica may be a little behind. The live feed
 * is always that of the server itself (`positions.ts`).
 */
import { err, ok, type Result } from '../../domain/result.ts'
import type { StoreReader } from '../store-reader.ts'
import { openPool } from './connection.ts'
import { listDeadItems, listDeadReasons } from './dead-items.ts'
import { openExisting } from './open-database.ts'
import { createPlanReader } from './plan-rows.ts'
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
/** The live feed is read a few times a second, by one after the other. */
const FEED_CONNECTIONS = 2
/** A question ends itself after 20 s. */
const STATEMENT_TIMEOUT_MS = 25_000

/** Where to read. */
export interface ReadPlace {
  readonly url: string
  /** A replica of the server, for everything that may be a little behind. */
  readonly readUrl?: string | undefined
}

/** Opens a database for reading; the error is for a person. */
export async function openPostgresReader({
  url,
  readUrl = url,
}: ReadPlace): Promise<Result<StoreReader, string>> {
  const settings = {
    size: CONNECTIONS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    name: 'claude-telemetry reader',
    isReadOnly: true,
  }
  const opened = await openExisting({ ...settings, url: readUrl })
  if (!opened.ok) {
    const { message } = opened.error
    return err(readUrl === url ? message : `DATABASE_READ_URL: ${message}`)
  }
  const database = opened.value
  // It connects when something is asked of it.
  const primary =
    readUrl === url ? database : openPool({ ...settings, url, size: FEED_CONNECTIONS })
  return ok({
    usage: createUsageReader(database),
    lists: createSessionLists(database),
    search: createSessionSearch(database),
    details: createSessionDetails(database),
    facets: createFacetReader(database),
    records: createRecordReader(database, primary),
    inputs: createSessionInputs(database),
    waiting: createWaitingReader(database),
    deadItems: {
      list: (limit) => listDeadItems(database, limit),
      reasons: (limit) => listDeadReasons(database, limit),
    },
    budgets: createBudgetReader(database),
    eventGaps: createEventGapReader(database),
    fleet: createFleetReader(database),
    planWindows: createPlanReader(database),
    close: async () => {
      await database.close()
      if (primary !== database) await primary.close()
    },
  })
}
