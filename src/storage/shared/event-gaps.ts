/** Sessions of which metrics arrive, and no events: their cost is known by metrics alone. */
import type { EventGapReader } from '../store-reader.ts'
import type { SharedTables } from './dialect.ts'

export function createEventGapReader({ kysely, dialect }: SharedTables): EventGapReader {
  return {
    since: async (ms) => {
      const { sessions, metrics_usd } = await kysely
        .selectFrom('sessions')
        .select((eb) => [
          eb.fn.countAll<number>().as('sessions'),
          dialect.usdSum('metrics').as('metrics_usd'),
        ])
        .where('last_ms', '>=', ms)
        .where(dialect.usd('metrics'), '>', 0)
        .executeTakeFirstOrThrow()
      return { sessions, metricsUsd: metrics_usd ?? 0 }
    },
  }
}
