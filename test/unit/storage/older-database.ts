/** A database as a program left it that knew all migrations but the last. */
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from '../../../src/storage/sqlite/migrations/migrations.ts'
import { databaseIn, temporaryFolder, withDatabase } from './open-store.ts'

/** Its folder. */
export async function databaseOneBehind(): Promise<string> {
  const dataDir = temporaryFolder()
  const database = new Database(databaseIn(dataDir))
  database.pragma('journal_mode = WAL')
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
  const known = Object.fromEntries(Object.entries(migrations).slice(0, -1))
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
