/** Waits for the work of others in a database, where a test moves the clock that the work goes by. */
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { settle } from '../unit/manual-clock.ts'

/** Nothing was under way at that many looks in a row: between two statements is no rest. */
const LOOKS = 4
const BETWEEN_MS = 3

/** Resolves once nobody else has had a statement or a transaction under way for a moment. */
export async function databaseAtRest(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (let restful = 0; restful < LOOKS; ) {
      await settle()
      const { rows } = await client.query<{ readonly busy: string }>(
        `select count(*) as busy from pg_stat_activity where datname = current_database()
         and pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle'`,
      )
      restful = rows[0]?.busy === '0' ? restful + 1 : 0
      await setTimeout(BETWEEN_MS)
    }
  } finally {
    await client.end()
  }
}
