/** Writes tables anew, so that nothing is left in their files of rows that were replaced or deleted. */
import { setTimeout as delay } from 'node:timers/promises'
import { err, ok, type Result } from '../../domain/result.ts'
import { type Database, openPool, type PoolSettings } from './connection.ts'

const TIMEOUT_MS = 3_600_000
const WAIT_MS = 60_000
const POLL_MS = 50

/**
 * Commits of all replicas wait for each table meanwhile, some seconds for a gigabyte. `VACUUM FULL` keeps
 * what an older transaction may still read, so those are waited for, `waitMs` at most. The error names
 * one that goes on: nothing was written anew then.
 */
export async function rewriteTables(
  { url }: Pick<PoolSettings, 'url'>,
  waitMs = WAIT_MS,
): Promise<Result<undefined, string>> {
  const database = openPool({ url, size: 1, statementTimeoutMs: TIMEOUT_MS })
  try {
    const older = await olderTransactions(database, waitMs)
    if (older !== undefined) return err(older)
    // All that may hold what somebody told.
    const tables = await database.query<{ readonly name: string }>(
      `select distinct quote_ident(table_name) as name
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
       where table_schema = current_schema() and table_type = 'BASE TABLE'
         and data_type in ('text', 'bytea', 'tsvector')
       order by name`,
    )
    for (const { name } of tables) await database.query(`vacuum (full, analyze) ${name}`)
    // Statistics of before name frequent values. Whoever owns the database may rewrite them.
    await database.query('vacuum (full) pg_catalog.pg_statistic')
    return ok(undefined)
  } finally {
    await database.close()
  }
}

/** Waits for all that began before now. Resolves to what still runs after `waitMs`; undefined for none. */
async function olderTransactions(database: Database, waitMs: number): Promise<string | undefined> {
  const [now] = await database.query<{ readonly id: string }>(
    'select pg_current_xact_id()::text as id',
  )
  const untilMs = performance.now() + waitMs
  for (;;) {
    const [older] = await database.query<{ readonly what: string | null }>(OLDER, [now?.id])
    if (older === undefined) return undefined
    if (performance.now() >= untilMs) {
      return `${older.what ?? 'an older transaction of the server'} may still read replaced rows`
    }
    await delay(POLL_MS)
  }
}

/**
 * Transactions whose number is below `$1`, of any database, and snapshots of this one from before it. A
 * snapshot taken from then on reaches back to the oldest number that is under way, `VACUUM`'s own included.
 * Whoever may not see the statistics of other roles still sees these two numbers.
 */
const OLDER = `
  with activity as (
    select format('connection %s (%s, since %s)', pid,
        coalesce(nullif(application_name, ''), backend_type), xact_start) as what,
      case when pid <> pg_backend_pid() then
        greatest(age(backend_xid), age(backend_xmin)
          * (datid is null or datid = (select oid from pg_database where datname = current_database()))::int)
      end as age
    from pg_stat_activity
    union all
    select format('prepared transaction %s (since %s)', gid, prepared), age(transaction)
    from pg_prepared_xacts
    union all
    select format('replication slot %s', slot_name), age(xmin) from pg_replication_slots
  )
  select what from activity where age > age(($1::text)::xid8::xid)
  union all
  select null where pg_snapshot_xmin(pg_current_snapshot()) < ($1::text)::xid8
  limit 1`
