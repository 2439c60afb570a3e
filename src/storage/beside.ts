/**
 * Opens stored data for a program beside the bridge: the thread that reads, a command, the doctor.
 * Nobody here makes a database or, unless asked to, changes its schema. What an engine needs is loaded
 * when it is asked for, since every command starts through this module. Errors are for a person.
 */
import type { SessionKey } from '../domain/identity.ts'
import type { Result } from '../domain/result.ts'
import type {
  Maintenance,
  MaintenanceOptions,
  MaintenanceProblem,
  OpenDeadItems,
  OpenQuarantine,
  OpenScrubReader,
} from './maintenance.ts'
import type { MoveSource, MoveTarget } from './move.ts'
import type { StorePlace } from './store-place.ts'
import type { StoreReader } from './store-reader.ts'

/** What is stored, for reading; beside a running process or without one. */
export async function openReader({
  dataDir,
  database,
}: StorePlace): Promise<Result<StoreReader, string>> {
  if (database !== undefined) {
    const { openPostgresReader } = await import('./postgres/postgres-reader.ts')
    return openPostgresReader(database.readUrl ?? database.url)
  }
  const { openSqliteReader } = await import('./sqlite/sqlite-reader.ts')
  return openSqliteReader(dataDir)
}

/** What was put aside, to be listed. */
export async function openDeadItemList(
  dataDir: string,
): Promise<Result<Pick<OpenDeadItems, 'list' | 'count' | 'close'>, string>> {
  const { openSqliteDeadItemList } = await import('./sqlite/dead-items.ts')
  return openSqliteDeadItemList(dataDir)
}

/** What was put aside, to be changed while a bridge uses the folder. */
export async function openDeadItems(dataDir: string): Promise<Result<OpenDeadItems, string>> {
  const { openSqliteDeadItems } = await import('./sqlite/dead-items.ts')
  return openSqliteDeadItems(dataDir)
}

/** Records that could not be assigned, to be listed. */
export async function openQuarantineList(dataDir: string): Promise<Result<OpenQuarantine, string>> {
  const { openSqliteQuarantineList } = await import('./sqlite/quarantine.ts')
  return openSqliteQuarantineList(dataDir)
}

/** What may have to be masked, to be looked at. */
export async function openScrubReader(dataDir: string): Promise<Result<OpenScrubReader, string>> {
  const { openSqliteScrubReader } = await import('./sqlite/scrub-reader.ts')
  return openSqliteScrubReader(dataDir)
}

/**
 * With `migrates` the data of an earlier version is brought up to date, as the bridge does at its
 * start: none runs, and none can start.
 */
export async function openMaintenance(
  dataDir: string,
  options: MaintenanceOptions = {},
): Promise<Result<Maintenance, MaintenanceProblem>> {
  const { openSqliteMaintenance } = await import('./sqlite/maintenance.ts')
  return openSqliteMaintenance(dataDir, options)
}

/** Whether a session is stored; the error says why not known, in the middle of a sentence. */
export async function hasStoredSession(
  dataDir: string,
  key: SessionKey,
): Promise<Result<boolean, string>> {
  const { hasSqliteSession } = await import('./sqlite/session-lookup.ts')
  return hasSqliteSession(dataDir, key)
}

/** The store of a folder as what is moved; nobody else has the folder until it is closed. */
export async function openMoveSource(
  dataDir: string,
): Promise<Result<MoveSource, MaintenanceProblem>> {
  const { openSqliteMoveSource } = await import('./sqlite/move-source.ts')
  return openSqliteMoveSource(dataDir)
}

/** The database that a store is moved into. */
export async function openMoveTarget(
  databaseUrl: string,
  source: MoveSource,
): Promise<Result<MoveTarget, string>> {
  const { openPostgresMoveTarget } = await import('./postgres/move-target.ts')
  return openPostgresMoveTarget(databaseUrl, source)
}

/** Why a move could not go on; `undefined` when that is a bug. */
export async function explainMove(
  error: unknown,
  databaseUrl: string,
): Promise<string | undefined> {
  const { explainPostgresMove } = await import('./postgres/move-target.ts')
  return explainPostgresMove(error, databaseUrl)
}

/** Why what was opened here could not be used after all; `undefined` when that is a bug. */
export async function explainUse(error: unknown, dataDir: string): Promise<string | undefined> {
  const { explainSqliteUse } = await import('./sqlite/open-existing.ts')
  return explainSqliteUse(error, dataDir)
}
