/** Databases as earlier programs left them: of the migrations they knew, and empty. */
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from '../../../src/storage/sqlite/migrations/migrations.ts'
import { databaseIn, temporaryFolder, withDatabase } from './open-store.ts'

/** The folder of one whose program knew all migrations but the last. */
export async function databaseOneBehind(): Promise<string> {
  return databaseBefore(Object.keys(migrations).at(-1) ?? '')
}

/** The folder of one whose program knew the migrations before this one. */
export async function databaseBefore(name: string): Promise<string> {
  const dataDir = temporaryFolder()
  const database = new Database(databaseIn(dataDir))
  database.pragma('journal_mode = WAL')
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
  const known = Object.fromEntries(Object.entries(migrations).filter(([each]) => each < name))
  const provider = { getMigrations: async () => known }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw new Error('the migrations failed', { cause: error })
  await db.destroy()
  return dataDir
}

/** Everything that says what schema a database has. */
export function schemaOf(dataDir: string): unknown[] {
  return withDatabase(dataDir, (database) => [
    ...database.prepare('select name, sql from sqlite_master order by name').all(),
    ...database.prepare('select name from kysely_migration order by name').all(),
  ])
}
