/** What still waits to be delivered. */
import { sql } from 'kysely'
import type { WaitingReader } from '../../store-reader.ts'
import { among } from '../dialect.ts'
import type { Database } from '../connection.ts'

export function createWaitingReader({ kysely }: Database): WaitingReader {
  return {
    keys: async () => {
      const rows = await kysely
        .selectFrom('outbox_deliveries')
        .select('session_key')
        .distinct()
        .where('state', '=', sql.lit('pending'))
        .execute()
      return new Set(rows.map(({ session_key }) => session_key))
    },
    counts: async () => {
      const rows = await kysely
        .selectFrom('outbox_readers as reader')
        .leftJoin('outbox_deliveries as delivery', (join) =>
          join
            .onRef('delivery.exporter', '=', 'reader.exporter')
            .onRef('delivery.kind', '=', 'reader.kind'),
        )
        .select([
          'reader.exporter as name',
          sql<number>`count(*) filter (where state = 'pending')`.as('pending'),
          sql<number>`count(*) filter (where state = 'dead')`.as('dead'),
          sql<number | null>`min(outbox_id) filter (where state = 'pending')`.as('first'),
        ])
        .groupBy('reader.exporter')
        .orderBy('reader.exporter')
        .execute()
      const oldest = await kysely
        .selectFrom('outbox')
        .select(['id', 'created_ms'])
        .where(
          among(
            'id',
            rows.flatMap(({ first }) => first ?? []),
          ),
        )
        .execute()
      const createdMs = new Map(oldest.map(({ id, created_ms }) => [id, created_ms]))
      const exporters = rows.map(({ first, ...counts }) => {
        return { ...counts, oldestPendingMs: createdMs.get(first ?? 0) }
      })
      const times = exporters.flatMap(({ oldestPendingMs }) => oldestPendingMs ?? [])
      return {
        pending: exporters.reduce((sum, { pending }) => sum + pending, 0),
        dead: exporters.reduce((sum, { dead }) => sum + dead, 0),
        oldestPendingMs: times.length === 0 ? undefined : Math.min(...times),
        exporters,
      }
    },
  }
}
