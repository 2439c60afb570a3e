/**
 * The engine of the bridges under test: SQLite, or with TEST_STORE=postgres PostgreSQL, where every data
 * folder has a database of its own.
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { unpackJson } from '../../src/storage/packed-json.ts'
import { databaseName, type StorePlace } from '../../src/storage/store-place.ts'
import {
  askPostgresNow,
  databaseFolder,
  dropPostgresDatabases,
  makePostgresDatabase,
  MIGRATED_DATABASE,
} from '../postgres/postgres-server.ts'

/** Of the server that all tests of a run share; undefined on SQLite. */
const serverUrl =
  process.env.TEST_STORE === 'postgres'
    ? await (await import('../postgres/database.ts')).sharedServerUrl()
    : undefined

export const isOnPostgres = serverUrl !== undefined

/** Databases of this test file, by data folder. */
const databases = new Map<string, string>()

/** The settings that say where the store of a data folder is: the same for a bridge and for commands. */
export function storeSettings(dataDir: string): Record<string, string> {
  const url = databaseOf(dataDir)
  return { DATA_DIR: dataDir, ...(url !== undefined && { DATABASE_URL: url }) }
}

/** The same where no program has ever opened the store. */
export function unusedStoreSettings(dataDir: string): Record<string, string> {
  if (serverUrl !== undefined) {
    databases.set(dataDir, makePostgresDatabase(serverUrl, databaseNameOf(dataDir)))
  }
  return storeSettings(dataDir)
}

/** The same for whoever opens a store. */
export function storePlace(dataDir: string): StorePlace {
  const url = databaseOf(dataDir)
  if (url === undefined) return { dataDir }
  return { dataDir, database: { url, poolSize: 4, statementTimeoutMs: 20_000 } }
}

/** How a command names it, and the setting it comes from, up to where that was found. */
export function shownPlace(dataDir: string): string {
  const url = databaseOf(dataDir)
  return url === undefined ? `${dataDir}  (DATA_DIR` : `${databaseName(url)}  (DATABASE_URL`
}

/** How a command says that a bridge has another store than this one. */
export function differentFrom(dataDir: string): string {
  const url = databaseOf(dataDir)
  return url === undefined
    ? `uses a different data folder from DATA_DIR=${dataDir}`
    : `uses a different database from DATABASE_URL, ${databaseName(url)}`
}

/** The address of the folder's database, made when it is asked for first; undefined on SQLite. */
function databaseOf(dataDir: string): string | undefined {
  if (serverUrl === undefined) return undefined
  const known = databases.get(dataDir)
  if (known !== undefined) return known
  const url = makePostgresDatabase(serverUrl, databaseNameOf(dataDir), MIGRATED_DATABASE)
  askPostgresNow(url, ['update instance set id = gen_random_uuid()'])
  databases.set(dataDir, url)
  return url
}

function databaseNameOf(dataDir: string): string {
  return `test_${createHash('sha256').update(dataDir).digest('hex').slice(0, 32)}`
}

/**
 * What a query answers, read beside the program. What is stored packed is told as the text that it is,
 * like what SQLite keeps.
 */
export function rowsIn<T>(dataDir: string, sql: string): T[] {
  const url = databaseOf(dataDir)
  if (url !== undefined) {
    const text = `select coalesce(json_agg(answer), '[]') from (${sql}) answer`
    return JSON.parse(askPostgresNow(url, [text]), unpacked) as T[]
  }
  return withSqlite(dataDir, { readonly: true }, (database) => database.prepare<[], T>(sql).all())
}

/** PostgreSQL tells bytes as hexadecimal digits after `\x`. */
function unpacked(_: string, value: unknown): unknown {
  if (typeof value !== 'string' || !/^\\x[0-9a-f]*$/.test(value)) return value
  return unpackJson(Buffer.from(value.slice(2), 'hex'))
}

/** Changes what is stored as no bridge would. */
export function changeStore(dataDir: string, ...statements: readonly string[]): void {
  const url = databaseOf(dataDir)
  if (url !== undefined) {
    askPostgresNow(url, statements)
    return
  }
  withSqlite(dataDir, {}, (database) => {
    for (const statement of statements) database.exec(statement)
  })
}

function withSqlite<T>(
  dataDir: string,
  options: Database.Options,
  use: (database: Database.Database) => T,
): T {
  const database = new Database(join(dataDir, 'claude-telemetry.db'), options)
  try {
    return use(database)
  } finally {
    database.close()
  }
}

/** A file in which something is stored, or what a table tells. */
interface StoredBytes {
  readonly name: string
  readonly bytes: Buffer
}

/**
 * The data folder's files; of a database its files, and its tables, since most of them is packed. The
 * write-ahead log of a server is not among them.
 */
export function storedBytes(dataDir: string): StoredBytes[] {
  const url = databaseOf(dataDir)
  if (url === undefined) return filesBelow(dataDir)
  const tables = askPostgresNow(url, [
    `select table_name from information_schema.tables where table_schema = 'public'`,
  ])
  const told = tables.split('\n').map((name) => ({
    name,
    bytes: Buffer.from(JSON.stringify(rowsIn(dataDir, `select * from ${name}`))),
  }))
  return [...filesBelow(dataDir), ...filesBelow(databaseFolder(url)), ...told]
}

/** Without those that are removed meanwhile, as a server does with what it has rewritten. */
export function filesBelow(folder: string): StoredBytes[] {
  return globSync('**/*', { cwd: folder }).flatMap((name): StoredBytes[] => {
    const path = join(folder, name)
    try {
      return statSync(path).isFile() ? [{ name, bytes: readFileSync(path) }] : []
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
}

/** Copies the database of a folder that nobody uses to that of another one, which has none yet. */
export function copyDatabase(from: string, to: string): void {
  const url = databaseOf(from)
  if (serverUrl === undefined || url === undefined) return
  const name = new URL(url).pathname.slice(1)
  databases.set(to, makePostgresDatabase(serverUrl, databaseNameOf(to), name))
}

/** Removes what a test file made, whoever is still connected. */
export function dropDatabases(): void {
  if (serverUrl !== undefined) dropPostgresDatabases(serverUrl, [...databases.values()])
  databases.clear()
}
