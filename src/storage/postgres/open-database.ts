/**
 * Opens a database and brings its schema up to date. Several processes may do so at the same moment:
 * one after the other looks what is missing. A schema of a newer program is used as it is, unless that
 * program says in the database that this one cannot (`migrations/migrations.ts`).
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'
import { err, ok, type Result } from '../../domain/result.ts'
import { databaseName } from '../store-place.ts'
import {
  clientConfig,
  connecting,
  type Database,
  isOfStorage,
  openPool,
  type PoolSettings,
  isReplaced,
  sqlState,
  storageReason,
} from './connection.ts'
import { breaking, migrations, newestMigration } from './migrations/migrations.ts'
import { isAlive } from './replica.ts'
import type { Schema } from './schema.ts'

/** Held while the schema is looked at and changed. Any number will do, as long as it stays. */
const MIGRATION_LOCK = 7_251_403_118_600_001n
/** A migration of a large database may take its time. */
const MIGRATION_TIMEOUT_MS = 3_600_000
/**
 * Who wants a lock on a table keeps everybody out who comes later. Replicas go on meanwhile, so it gives up
 * before their statements do, lets them through, and tries again.
 */
const MIGRATION_LOCK_TIMEOUT_MS = 1_000
const MIGRATION_PAUSE_MS = 500
const MIGRATION_TRIES = 600

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
      return (await bringUpToDate(database, settings.url)) ?? problemOf(database)
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
    const needed = await neededMigration(database)
    if (needed !== undefined && !isKnown(needed)) {
      return await refuse(newerSchema(settings.url, needed))
    }
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
  const reason = inner instanceof Error ? storageReason(inner) : String(inner)
  const problem = `${databaseName(url)} cannot be used: ${reason}`
  if (isReplaced(inner)) return problem
  return `${problem}. Check its address, and that the server runs and lets this user in`
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
  const database = openPool({
    ...settings,
    size: 2,
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
    lockTimeoutMs: MIGRATION_LOCK_TIMEOUT_MS,
  })
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
    await connecting(() => client.connect())
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  return () => client.end()
}

/** Why it cannot be, for a person; nothing is changed then. */
async function bringUpToDate(database: Database, url: string): Promise<string | undefined> {
  const encoding = await encodingOf(database)
  if (encoding !== 'UTF8') return otherEncoding(url, encoding)
  const applied = await appliedMigrations(database.kysely)
  const needed = await neededMigration(database)
  if (needed !== undefined && !isKnown(needed)) return newerSchema(url, needed)
  const missing = Object.keys(migrations).filter((name) => !applied.includes(name))
  const [newer] = applied.filter((name) => !isKnown(name))
  // Of a newer program, which made all changes that this one knows before its own.
  if (newer !== undefined) return missing.length === 0 ? undefined : newerSchema(url, newer)
  if (missing.length === 0) return undefined
  const broken = missing.filter((name) => breaking.includes(name)).at(-1)
  if (broken !== undefined && applied.length > 0) {
    const others = await replicasWithout(database, broken)
    if (others > 0) return olderReplicas(url, others)
  }
  await migrate(database.kysely)
  return undefined
}

/** Gives way to replicas that are at work, and goes on when it may. */
async function migrate(kysely: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => told() } })
  for (let tries = 1; ; tries += 1) {
    const { error } = await migrator.migrateToLatest()
    if (error === undefined) return
    if (!isInTheWay(error) || tries === MIGRATION_TRIES) {
      if (error instanceof Error) throw error
      throw new Error('the migrations failed', { cause: error })
    }
    await delay(MIGRATION_PAUSE_MS)
  }
}

/** Those that break earlier programs say so to them, in the transaction that makes the change. */
function told(): Record<string, Migration> {
  const all = { ...migrations }
  for (const name of breaking) {
    const made = all[name]
    if (made === undefined) continue
    all[name] = {
      up: async (db) => {
        await made.up(db)
        await sql`update instance set needed_migration = ${name}`.execute(db)
      },
    }
  }
  return all
}

/** A lock was not to be had in time, or somebody waited for this one in turn. */
function isInTheWay(error: unknown): boolean {
  const state = sqlState(error)
  return state === '55P03' || state === '40P01'
}

/** Whether this program can work over what that migration left. */
function isKnown(migration: string): boolean {
  return Object.hasOwn(migrations, migration)
}

/** What a program has to know to use the database. */
async function neededMigration(database: Database): Promise<string | undefined> {
  if (!(await hasColumn(database, 'instance', 'needed_migration'))) return undefined
  const [row] = await database.query<{ readonly needed: string | null }>(
    'select needed_migration as needed from instance',
  )
  return row?.needed ?? undefined
}

/** How many replicas run that do not know a migration. */
async function replicasWithout(database: Database, migration: string): Promise<number> {
  const saysWhich = await hasColumn(database, 'replicas', 'newest_migration')
  const knows = saysWhich ? `coalesce(newest_migration, '') >= $1` : '$1::text is null'
  const [row] = await database.query<{ readonly others: number }>(
    `select count(*) as others from replicas where ${isAlive('replicas')} and not (${knows})`,
    [migration],
  )
  return row?.others ?? 0
}

async function hasColumn(database: Database, table: string, column: string): Promise<boolean> {
  const found = await database.query(
    `select 1 from pg_attribute
     where attrelid = to_regclass($1) and attname = $2 and not attisdropped`,
    [table, column],
  )
  return found.length > 0
}

function olderReplicas(url: string, others: number): string {
  return `${others} running bridge${others === 1 ? '' : 's'} of an earlier version use${others === 1 ? 's' : ''} ${databaseName(url)}, and could not work with it after the changes that ${newestMigration} makes. Stop all of them, then start this one`
}

async function encodingOf(database: Database): Promise<string | undefined> {
  const [row] = await database.query<{ readonly server_encoding: string }>('show server_encoding')
  return row?.server_encoding
}

/** Texts that it has no characters for could never be stored, nor what was sent with them. */
function otherEncoding(url: string, encoding: string | undefined): string {
  return `${databaseName(url)} has the encoding ${encoding}, and prompts can have any character. Create a database with encoding 'UTF8' (and template template0)`
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
