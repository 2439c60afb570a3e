/** Writes tables anew, so that nothing is left in their files of rows that were replaced or deleted. */
import { openPool, type PoolSettings } from './connection.ts'

const TIMEOUT_MS = 3_600_000

/** Commits of all replicas wait for each table meanwhile, some seconds for a gigabyte. */
export async function rewriteTables({ url }: Pick<PoolSettings, 'url'>): Promise<void> {
  const database = openPool({ url, size: 1, statementTimeoutMs: TIMEOUT_MS })
  try {
    // All that may hold what somebody told.
    const tables = await database.query<{ readonly name: string }>(
      `select distinct quote_ident(table_name) as name
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
       where table_schema = current_schema() and table_type = 'BASE TABLE'
         and data_type in ('text', 'bytea')
       order by name`,
    )
    for (const { name } of tables) await database.query(`vacuum (full, analyze) ${name}`)
    // Statistics of before name frequent values. Whoever owns the database may rewrite them.
    await database.query('vacuum (full) pg_catalog.pg_statistic')
  } finally {
    await database.close()
  }
}
