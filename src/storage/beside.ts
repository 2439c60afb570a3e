/**
 * Opens stored data for a program beside the bridge: the thread that reads, a command, the doctor.
 * Nobody here makes a database or, unless asked to, changes its schema. What an engine needs is loaded
 * when it is asked for, since every command starts through this module. Errors are for a person.
 */
import type { NamedSession, SessionKey } from '../domain/identity.ts'
import type { Result } from '../domain/result.ts'
import type {
  Maintenance,
  MaintenanceOptions,
  MaintenanceProblem,
  OpenDeadItems,
  OpenQuarantine,
  OpenScrubReader,
} from './maintenance.ts'
import { dataFolderAt, isDataMissing } from './data-folder.ts'
import { readInstanceId } from './instance-id.ts'
import type { MoveSource, MoveTarget } from './move.ts'
import type { DatabasePlace, StorePlace } from './store-place.ts'
import type { StoreReader } from './store-reader.ts'

/**
 * What is stored, for reading; beside a running process or without one. `tell` is told why a read replica
 * is not used.
 */
export async function openReader(
  { dataDir, database }: StorePlace,
  tell?: (problem: string) => void,
): Promise<Result<StoreReader, string>> {
  if (database !== undefined) {
    const { openPostgresReader } = await import('./postgres/postgres-reader.ts')
    return openPostgresReader(database, tell)
  }
  const { openSqliteReader } = await import('./sqlite/sqlite-reader.ts')
  return openSqliteReader(dataDir)
}

/** What was put aside, to be listed. */
export async function openDeadItemList({
  dataDir,
  database,
}: StorePlace): Promise<Result<Pick<OpenDeadItems, 'list' | 'count' | 'close'>, string>> {
  if (database !== undefined) return (await postgres()).openPostgresDeadItemList(database.url)
  const { openSqliteDeadItemList } = await import('./sqlite/dead-items.ts')
  return openSqliteDeadItemList(dataDir)
}

/** What was put aside, to be changed while a bridge uses the store. */
export async function openDeadItems({
  dataDir,
  database,
}: StorePlace): Promise<Result<OpenDeadItems, string>> {
  if (database !== undefined) return (await postgres()).openPostgresDeadItems(database.url)
  const { openSqliteDeadItems } = await import('./sqlite/dead-items.ts')
  return openSqliteDeadItems(dataDir)
}

/** Records that could not be assigned, to be listed. */
export async function openQuarantineList({
  dataDir,
  database,
}: StorePlace): Promise<Result<OpenQuarantine, string>> {
  if (database !== undefined) return (await postgres()).openPostgresQuarantineList(database.url)
  const { openSqliteQuarantineList } = await import('./sqlite/quarantine.ts')
  return openSqliteQuarantineList(dataDir)
}

/** What may have to be masked, to be looked at. */
export async function openScrubReader({
  dataDir,
  database,
}: StorePlace): Promise<Result<OpenScrubReader, string>> {
  if (database !== undefined) return (await postgres()).openPostgresScrubReader(database.url)
  const { openSqliteScrubReader } = await import('./sqlite/scrub-reader.ts')
  return openSqliteScrubReader(dataDir)
}

/**
 * With `migrates` the data of an earlier version is brought up to date, as the bridge does at its
 * start: none runs, and none can start.
 */
export async function openMaintenance(
  { dataDir, database }: StorePlace,
  options: MaintenanceOptions = {},
): Promise<Result<Maintenance, MaintenanceProblem>> {
  if (database !== undefined) {
    return (await postgres()).openPostgresMaintenance(database.url, options)
  }
  const { openSqliteMaintenance } = await import('./sqlite/maintenance.ts')
  return openSqliteMaintenance(dataDir, options)
}

/**
 * The key of an agent's session, whoever it belongs to; undefined when there is none. The error says why
 * that is not known, in the middle of a sentence.
 */
export async function findStoredSession(
  { dataDir, database }: StorePlace,
  session: NamedSession,
): Promise<Result<SessionKey | undefined, string>> {
  if (database !== undefined) return (await postgres()).findPostgresSession(database.url, session)
  const { findSqliteSession } = await import('./sqlite/session-lookup.ts')
  return findSqliteSession(dataDir, session)
}

/** The id that a bridge of this store tells; undefined when it cannot be read. */
export async function readStoreInstance({
  dataDir,
  database,
}: StorePlace): Promise<string | undefined> {
  if (database !== undefined) return (await postgres()).readPostgresInstance(database.url)
  return readInstanceId(dataFolderAt(dataDir))
}

/** Of a database: whether what is read is a copy of it. See `checkReadReplica` in `postgres/postgres-reader.ts`. */
export async function checkReadDatabase(
  database: DatabasePlace,
): Promise<Result<'replica' | 'unknown', string> | undefined> {
  const { checkReadReplica } = await import('./postgres/postgres-reader.ts')
  return checkReadReplica(database)
}

/** Whether nothing was ever stored there, as far as that can be told without opening it. */
export function isStoreMissing({ dataDir, database }: StorePlace): boolean {
  return database === undefined && isDataMissing(dataDir)
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
export async function explainUse(
  error: unknown,
  { dataDir, database }: StorePlace,
): Promise<string | undefined> {
  if (database !== undefined) {
    const { openProblem } = await import('./postgres/open-database.ts')
    return openProblem(error, database.url)
  }
  const { explainSqliteUse } = await import('./sqlite/open-existing.ts')
  return explainSqliteUse(error, dataDir)
}

function postgres() {
  return import('./postgres/beside-bridges.ts')
}
