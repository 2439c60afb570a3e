/**
 * The reader over PostgreSQL: a pool of its own whose connections can only read, on the server itself or
 * on a replica of it. Each answer is of one moment, but a replica may be a little behind. The live feed
 * is always that of the server itself (`positions.ts`).
 */
import { err, ok, type Result } from '../../domain/result.ts'
import { createEventGapReader } from '../shared/event-gaps.ts'
import { createFacetReader } from '../shared/facets.ts'
import { createPlanReader } from '../shared/plan-windows.ts'
import type { StoreReader } from '../store-reader.ts'
import { databaseName } from '../store-place.ts'
import { type Database, openPool } from './connection.ts'
import { listDeadItems, listDeadReasons } from './dead-items.ts'
import { instanceOf, openExisting, openProblem } from './open-database.ts'
import { createBudgetReader } from './queries/spending.ts'
import { createFleetReader } from './queries/fleet.ts'
import { createRecordReader } from './queries/records.ts'
import { createSessionDetails } from './queries/sessions.ts'
import { createSessionInputs } from './queries/session-inputs.ts'
import { createSessionLists } from '../shared/session-lists.ts'
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

const settings = {
  size: CONNECTIONS,
  statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  name: 'claude-telemetry reader',
  isReadOnly: true,
}

/**
 * Opens a database for reading; the error is for a person. A read replica that cannot be used, or holds
 * another store, is left alone: `tell` is told why, and all is read from the database itself.
 */
export async function openPostgresReader(
  place: ReadPlace,
  tell: (problem: string) => void = () => {},
): Promise<Result<StoreReader, string>> {
  const { url } = place
  const replica = await openReplica(place)
  if (replica?.ok === false) tell(replica.error)
  const opened = replica?.ok ? ok(replica.value.database) : await openExisting({ ...settings, url })
  if (!opened.ok) return err(opened.error.message)
  const database = opened.value
  // It connects when something is asked of it.
  const primary = replica?.ok ? openPool({ ...settings, url, size: FEED_CONNECTIONS }) : database
  try {
    const instance = await instanceOf(database)
    for (const each of [database, primary]) each.keepTo(instance)
  } catch (error) {
    await database.close()
    const problem = openProblem(error, url)
    if (problem === undefined) throw error
    return err(problem)
  }
  return ok({
    usage: createUsageReader(database),
    lists: createSessionLists(database.shared),
    search: createSessionSearch(database),
    details: createSessionDetails(database),
    facets: createFacetReader(database.shared),
    records: createRecordReader(database, primary),
    inputs: createSessionInputs(database),
    waiting: createWaitingReader(database),
    deadItems: {
      list: (limit) => listDeadItems(database, limit),
      reasons: (limit) => listDeadReasons(database, limit),
    },
    budgets: createBudgetReader(database),
    eventGaps: createEventGapReader(database.shared),
    fleet: createFleetReader(database),
    planWindows: createPlanReader(database.shared),
    close: async () => {
      await database.close()
      if (primary !== database) await primary.close()
    },
  })
}

/**
 * Whether the read replica is one of the database, or cannot be compared while that is away. The error
 * is for a person, and says why it is not used. Undefined where there is none.
 */
export async function checkReadReplica(
  place: ReadPlace,
): Promise<Result<'replica' | 'unknown', string> | undefined> {
  const replica = await openReplica(place)
  if (replica === undefined || !replica.ok) return replica
  await replica.value.database.close()
  return ok(replica.value.isCompared ? 'replica' : 'unknown')
}

interface OpenReplica {
  readonly database: Database
  readonly isCompared: boolean
}

/** Undefined where there is none. */
async function openReplica({
  url,
  readUrl = url,
}: ReadPlace): Promise<Result<OpenReplica, string> | undefined> {
  if (readUrl === url) return undefined
  const instead = 'The page and reports read from DATABASE_URL instead'
  const opened = await openExisting({ ...settings, url: readUrl })
  if (!opened.ok) return err(`DATABASE_READ_URL: ${opened.error.message}. ${instead}`)
  const replica = opened.value
  const primary = openPool({ ...settings, url, size: 1 })
  try {
    if ((await instanceOf(replica)) === (await instanceOf(primary))) {
      return ok({ database: replica, isCompared: true })
    }
  } catch (error) {
    // Which of both is away shows when it is asked: a replica may be read while its primary is.
    if (openProblem(error, url) !== undefined) return ok({ database: replica, isCompared: false })
    await replica.close()
    throw error
  } finally {
    await primary.close()
  }
  await replica.close()
  return err(
    `DATABASE_READ_URL is no replica of DATABASE_URL: ${databaseName(readUrl)} holds another store than ${databaseName(url)}. ${instead}`,
  )
}
