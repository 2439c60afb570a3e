/** How much of a subscription's allowance was used, as status lines told it. */
import type { PlanWindowReader } from '../store-reader.ts'
import { wholeMs } from '../usage-slice.ts'
import type { SharedTables } from './dialect.ts'
import { sessionsOf } from './session-filter.ts'

export function createPlanReader(tables: SharedTables): PlanWindowReader {
  return {
    since: async ({ sinceMs, limit, owner }) => {
      const rows = await sessionsOf(tables, owner)
        .innerJoin('plan_windows', 'plan_windows.session_ref', 'sessions.id')
        .select(['agent', 'user_id', 'name', 'bucket_ms'])
        .select(({ fn }) => [
          fn.max<number>('used_percent').as('used_percent'),
          fn.max<number | null>('resets_ms').as('resets_ms'),
        ])
        .where('bucket_ms', '>=', wholeMs(sinceMs))
        .groupBy(['agent', 'user_id', 'name', 'bucket_ms'])
        .orderBy('bucket_ms', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        agent: row.agent,
        userId: row.user_id ?? undefined,
        window: row.name,
        bucketMs: row.bucket_ms,
        usedPercent: row.used_percent,
        resetsMs: row.resets_ms ?? undefined,
      }))
    },
  }
}
