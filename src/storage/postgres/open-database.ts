/**
 * Opens a database and brings its schema up to date. Several processes may do so at the same moment:
 * one after the other looks what is missing. A schema of a newer program is refused, since what it
 * means by its tables cannot be known here.
 */
import type { Kysely } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration'
import pg from 'pg'
import { err, ok, type Result } from '../../domain/result.ts'
import { databaseName } from '../store-place.ts'
import {
  clientConfig,
  type Database,
  isOfStorage,
  openPool,
  type PoolSettings,
} from './connection.ts'
import { migrations } from './migrations/migrations.ts'
import type { Schema } from './schema.ts'

/** Held while the schema is looked at and changed. Any number will do, as long as it stays. */
const MIGRATION_LOCK = 7_251_403_118_600_001n
/** A migration of a large database may take its time. */
const MIGRATION_TIMEOUT_MS = 3_600_000

export interface PostgresOpenError {
  readonly message: string
}

/** For the process that owns a store: the schema is up to date then. The error is for a person. */
export function openDatabase(settings: PoolSettings): Promise<Result<Database, PostgresOpenError>> {
  return openUpToDate(settings, (database) => moveUnderWay(database, settings.url))
}

/** The same for who moves a store into it: until that is done nobody else may have it. */
export function openForMove(settings: PoolSettings): Promise<Result<Database, PostgresOpenError>> {
  return openUpToDate(settings, async () => undefined)
}

async function openUpToDate(
  settings: PoolSettings,
  problemOf: (database: Database) => Promise<string | undefined>,
): Promise<Result<Database, PostgresOpenError>> {
  try {
    const message = await underLock(settings, async (database) => {
      const unknown = await bringUpToDate(database)
      return unknown === undefined ? problemOf(database) : newerSchema(settings.url, unknown)
    })
    return message === undefined ? ok(openPool(settings)) : err({ message })
  } catch (error) {
    const message = openProblem(error, settings.url)
    if (message === undefined) throw error
    return err({ message })
  }
}

/** Which store this is: the same for all that share it. */
export async function instanceOf(database: Database): Promise<string> {
  const [row] = await database.query<{ readonly id: string }>('select id from instance')
  return row?.id ?? ''
}

/** What was moved in part would be taken for all there is. */
async function moveUnderWay(database: Database, url: string): Promise<string | undefined> {
  const moving = await database.query(`select 1 from moves where stage <> 'done'`)
  if (moving.length === 0) return undefined
  return `a store is being moved into ${databaseName(url)}, and that is not finished. Run claude-telemetry migrate again where the data folder is`
}

/** For a program that only reads, or changes rows beside a running one: the schema stays as it is. */
export async function openExisting(
  settings: PoolSettings,
): Promise<Result<Database, PostgresOpenError>> {
  const database = openPool(settings)
  const refuse = async (message: string) => {
    await database.close()
    return err({ message })
  }
  try {
    const applied = new Set(await appliedMigrations(database.kysely))
    const unknown = [...applied].find((name) => !Object.hasOwn(migrations, name))
    if (unknown !== undefined) return await refuse(newerSchema(settings.url, unknown))
    if (Object.keys(migrations).every((name) => applied.has(name))) {
      const moving = await moveUnderWay(database, settings.url)
      return moving === undefined ? ok(database) : await refuse(moving)
    }
    const message =
      applied.size === 0
        ? `${databaseName(settings.url)} holds no data of claude-telemetry yet`
        : `${databaseName(settings.url)} was written by an earlier version; start claude-telemetry once to bring it up to date`
    return await refuse(message)
  } catch (error) {
    const message = openProblem(error, settings.url)
    if (message === undefined) {
      await database.close()
      throw error
    }
    return refuse(message)
  }
}

/** Why the database cannot be had, for a person; undefined when that is a bug. */
export function openProblem(error: unknown, url: string): string | undefined {
  if (!isOfStorage(error)) return undefined
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error
  const reason = inner instanceof Error ? inner.message : String(inner)
  return `${databaseName(url)} cannot be used: ${reason}. Check DATABASE_URL, and that the server runs and lets this user in`
}

function newerSchema(url: string, migration: string): string {
  return `${databaseName(url)} was written by a newer claude-telemetry (${migration} is not known here). Update this one`
}

/** On a connection of its own, since the migrator takes others. */
async function underLock<T>(
  settings: PoolSettings,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const letIn = await keepOthersOut(settings)
  const database = openPool({ ...settings, size: 2, statementTimeoutMs: MIGRATION_TIMEOUT_MS })
  try {
    return await work(database)
  } finally {
    await database.close()
    await letIn()
  }
}

/** Whoever wants to open the database meanwhile waits. Resolves to what ends that. */
export async function keepOthersOut(
  settings: Pick<PoolSettings, 'url'>,
): Promise<() => Promise<void>> {
  const client = new pg.Client(
    clientConfig({ url: settings.url, statementTimeoutMs: MIGRATION_TIMEOUT_MS }),
  )
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  return () => client.end()
}

/** The first migration that this program does not know; nothing is changed then. */
async function bringUpToDate({ kysely }: Database): Promise<string | undefined> {
  const applied = await appliedMigrations(kysely)
  const unknown = applied.find((name) => !Object.hasOwn(migrations, name))
  if (unknown !== undefined || applied.length === Object.keys(migrations).length) return unknown
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => ({ ...migrations }) },
  })
  const { error } = await migrator.migrateToLatest()
  if (error instanceof Error) throw error
  if (error !== undefined) throw new Error('the migrations failed', { cause: error })
  return undefined
}

async function appliedMigrations(kysely: Kysely<Schema>): Promise<readonly string[]> {
  const tables = await kysely.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return []
  const rows = await kysely
    .$extendTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>()
    .selectFrom(DEFAULT_MIGRATION_TABLE)
    .select('name')
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}
