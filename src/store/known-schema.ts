/** Whether a database is of the schema that this program's questions are written for. */
import { DEFAULT_MIGRATION_TABLE } from 'kysely/migration'
import { migrations } from './migrations/migrations.ts'
import type { ReadConnection } from './read-connection.ts'
import { newerSchemaError } from './store-open-error.ts'

/** What keeps this database from being read, for a person; undefined when nothing does. */
export function checkSchema({ handle }: ReadConnection, path: string): string | undefined {
  const tables = handle
    .prepare<[string], { name: string }>('select name from sqlite_master where name = ?')
    .all(DEFAULT_MIGRATION_TABLE)
  const applied =
    tables.length === 0
      ? []
      : handle.prepare<[], { name: string }>(`select name from ${DEFAULT_MIGRATION_TABLE}`).all()
  const names = new Set(applied.map(({ name }) => name))
  const unknown = [...names].find((name) => !Object.hasOwn(migrations, name))
  if (unknown !== undefined) return newerSchemaError(path, unknown).message
  if (Object.keys(migrations).every((name) => names.has(name))) return undefined
  return (
    `The database ${path} was written by an older claude-telemetry. ` +
    'Start the bridge once: it brings the database up to date.'
  )
}
