/** Plan windows over PostgreSQL: one row for a session, a window and a quarter of an hour. */
import type { PlanWindowStore } from '../../domain/plan-window.ts'
import { bucketOf } from '../../domain/usage.ts'
import type { Database } from './connection.ts'
import { keyText } from './stored-values.ts'
import type { Write } from './writer.ts'

interface FoundSession {
  readonly id: number
  readonly agent: string
  readonly user_id: string | null
}

export function createPlanRows(database: Database, write: Write): PlanWindowStore {
  return {
    note: (sessionKey, readings, nowMs) =>
      write(() =>
        database.transaction(async (statements) => {
          // Not while it is deleted: its rows would stay.
          const [session] = await statements.query<FoundSession>(
            'select id, agent, user_id from sessions where session_key = $1 for key share',
            [keyText(sessionKey)],
          )
          if (session === undefined) return undefined
          for (const { window, usedPercent, resetsMs = null } of readings) {
            await statements.run(
              `insert into plan_windows (session_ref, name, bucket_ms, used_percent, resets_ms)
               values ($1, $2, $3, $4, $5)
               on conflict (session_ref, name, bucket_ms) do update
                 set resets_ms = excluded.resets_ms,
                   used_percent = greatest(plan_windows.used_percent, excluded.used_percent)`,
              [session.id, window, bucketOf(nowMs), usedPercent, resetsMs],
            )
          }
          return { agent: session.agent, userId: session.user_id ?? undefined }
        }),
      ),
  }
}
