/** A store that holds a year of a team's use. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createSystemClock } from '../../../src/observability/clock.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { openStore } from '../../../src/storage/open-store.ts'
import { plainStates } from '../../../test/unit/storage/arrivals.ts'
import { fillYear } from './year.ts'

/** Makes it in `dataDir`, and resolves to a line about it. `sessions`: 50,000 when absent. */
export async function createYearStore(dataDir: string, sessions?: number): Promise<string> {
  const store = await openStore({
    dataDir,
    clock: createSystemClock(),
    states: plainStates(),
    retentionMs: 0,
    outbox: { maxAgeMs: 0, maxBytes: 0 },
    exporters: [{ exporter: 'langfuse', kinds: ['observation', 'score'], isActive: true }],
    log: createLogger('error'),
  })
  if (!store.ok) throw new Error(store.error.message)
  await store.value.close()
  const database = new Database(join(dataDir, 'claude-telemetry.db'))
  const startedMs = performance.now()
  const counts = fillYear(database, Date.now(), sessions)
  database.close()
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
  return `${counts.sessions} sessions, ${counts.modelCalls} model calls, ${counts.usageRows} rows of usage, written in ${seconds} s`
}
