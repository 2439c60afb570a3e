/** Writes tables anew, so that nothing is left in their files of rows that were replaced. */
import { openPool, type PoolSettings } from './connection.ts'

/** Those that hold what somebody told. */
const TABLES = [
  'record_batches',
  'session_states',
  'sessions',
  'session_attributes',
  'session_controls',
  'prompts',
  'seen',
  'origins',
  'usage_dimensions',
  'model_usage',
  'tool_usage',
  'activity',
  'outbox',
  'outbox_deliveries',
  'budget_alerts',
  'quarantine',
]
const TIMEOUT_MS = 3_600_000

/** Commits of all replicas wait for each table meanwhile, some seconds for a gigabyte. */
export async function rewriteTables({ url }: Pick<PoolSettings, 'url'>): Promise<void> {
  const database = openPool({ url, size: 1, statementTimeoutMs: TIMEOUT_MS })
  try {
    for (const table of TABLES) await database.query(`vacuum (full, analyze) ${table}`)
  } finally {
    await database.close()
  }
}
