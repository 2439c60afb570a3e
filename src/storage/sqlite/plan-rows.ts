/** Plan windows over SQLite: one row for a session, a window and a quarter of an hour. */
import type { PlanWindowStore } from '../../domain/plan-window.ts'
import { bucketOf } from '../../domain/usage.ts'
import type { PlanWindowReader } from '../store-reader.ts'
import type { Connection, ReadConnection } from './connection.ts'
import { ownedBy } from './queries/session-filter.ts'
import type { Write } from './writer.ts'

export function createPlanRows({ handle }: Connection, write: Write): PlanWindowStore {
  const find = handle.prepare<[string], { id: number; agent: string; user_id: string | null }>(
    'select id, agent, user_id from sessions where session_key = ?',
  )
  const put = handle.prepare<[number, string, number, number, number | null]>(
    `insert into plan_windows (session_ref, name, bucket_ms, used_percent, resets_ms)
     values (?, ?, ?, ?, ?)
     on conflict do update set resets_ms = excluded.resets_ms,
       used_percent = max(used_percent, excluded.used_percent)`,
  )
  const transaction = handle.transaction((work: () => void) => work())

  return {
    note: async (sessionKey, readings, nowMs) => {
      const session = find.get(sessionKey)
      if (session === undefined) return undefined
      const { id, agent, user_id } = session
      await write(() =>
        transaction.immediate(() => {
          for (const { window, usedPercent, resetsMs = null } of readings) {
            put.run(id, window, bucketOf(nowMs), usedPercent, resetsMs)
          }
        }),
      )
      return { agent, userId: user_id ?? undefined }
    },
  }
}

export function createPlanReader({ kysely }: ReadConnection): PlanWindowReader {
  return {
    since: async ({ sinceMs, limit, owner }) => {
      const rows = await ownedBy(kysely.selectFrom('sessions'), owner)
        .innerJoin('plan_windows', 'plan_windows.session_ref', 'sessions.id')
        .select(['agent', 'user_id', 'name', 'bucket_ms'])
        .select(({ fn }) => [
          fn.max<number>('used_percent').as('used_percent'),
          fn.max<number | null>('resets_ms').as('resets_ms'),
        ])
        .where('bucket_ms', '>=', sinceMs)
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
