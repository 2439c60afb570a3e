/** Plan windows over SQLite: one row for a session, a window and a quarter of an hour. */
import type { PlanWindowStore } from '../../domain/plan-window.ts'
import { bucketOf } from '../../domain/usage.ts'
import type { Connection } from './connection.ts'
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
