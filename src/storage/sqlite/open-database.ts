/**
 * Opens the database file and brings its schema up to date, in one transaction. A schema of a
 * newer program is refused: what it means by its tables cannot be known here.
 */
import type { Kysely } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration'
import { err, ok, type Result } from '../../domain/result.ts'
import { type Connection, openConnection } from './connection.ts'
import { migrations } from './migrations/migrations.ts'
import type { Schema } from './schema.ts'
import { newerSchemaError, type SqliteOpenError } from './open-error.ts'

/** The connection; throws what SQLite says, and the file is closed then. */
export async function openDatabase(path: string): Promise<Result<Connection, SqliteOpenError>> {
  const connection = openConnection(path)
  try {
    const unknown = await findUnknownMigration(connection.kysely)
    if (unknown === undefined) {
      await migrate(connection)
      return ok(connection)
    }
    connection.close()
    return err(newerSchemaError(path, unknown))
  } catch (error) {
    connection.close()
    throw error
  }
}

/** The first migration that the database has and this program does not know. */
async function findUnknownMigration(kysely: Kysely<Schema>): Promise<string | undefined> {
  const tables = await kysely.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return undefined
  const applied = await kysely
    .$extendTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>()
    .selectFrom(DEFAULT_MIGRATION_TABLE)
    .select('name')
    .orderBy('name')
    .execute()
  return applied.find(({ name }) => !Object.hasOwn(migrations, name))?.name
}

/** Throws when a migration fails; the database is then as it was, as after a crash in the middle. */
async function migrate({ handle, kysely }: Connection): Promise<void> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => ({ ...migrations }) },
  })
  const all = await migrator.getMigrations()
  if (all.every(({ executedAt }) => executedAt !== undefined)) return
  // Kysely makes a transaction of migrations on other databases, but not on SQLite.
  handle.exec('begin immediate')
  try {
    const { error } = await migrator.migrateToLatest()
    if (error instanceof Error) throw error
    if (error !== undefined) throw new Error('the migrations failed', { cause: error })
    handle.exec('commit')
  } finally {
    if (handle.inTransaction) handle.exec('rollback')
  }
}
