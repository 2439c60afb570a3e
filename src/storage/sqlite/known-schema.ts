/** Whether a database is of the schema that this program's questions are written for. */
import { DEFAULT_MIGRATION_TABLE } from 'kysely/migration'
import type { Connection } from './connection.ts'
import { migrations } from './migrations/migrations.ts'
import { newerSchemaError, olderSchemaError, type SqliteOpenError } from './open-error.ts'

/** What keeps this database from being used as it is; undefined when nothing does. */
export function checkSchema(
  { handle }: Pick<Connection, 'handle'>,
  path: string,
): SqliteOpenError | undefined {
  const tables = handle
    .prepare<[string], { name: string }>('select name from sqlite_master where name = ?')
    .all(DEFAULT_MIGRATION_TABLE)
  const applied =
    tables.length === 0
      ? []
      : handle.prepare<[], { name: string }>(`select name from ${DEFAULT_MIGRATION_TABLE}`).all()
  const names = new Set(applied.map(({ name }) => name))
  const unknown = [...names].find((name) => !Object.hasOwn(migrations, name))
  if (unknown !== undefined) return newerSchemaError(path, unknown)
  const isWhole = Object.keys(migrations).every((name) => names.has(name))
  return isWhole ? undefined : olderSchemaError(path)
}
