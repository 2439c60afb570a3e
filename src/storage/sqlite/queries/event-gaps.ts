/** Sessions of which metrics arrive, and no events: their cost is known by metrics alone. */
import type { ReadConnection } from '../connection.ts'
import type { EventGapReader } from '../../store-reader.ts'
import { prepare } from '../prepared.ts'
import { sound, soundSum } from './sound-figures.ts'

export function createEventGaps(connection: ReadConnection): EventGapReader {
  const sum = prepare(connection, ({ ms }: { readonly ms: number }) =>
    connection.kysely
      .selectFrom('sessions')
      .select((eb) => [
        eb.fn.countAll<number>().as('sessions'),
        soundSum('metrics_usd', 'usd').as('metrics_usd'),
      ])
      .where('last_ms', '>=', ms)
      .where(sound('metrics_usd', 'usd'), '>', 0),
  )
  return {
    since: async (ms) => {
      const found = sum.get({ ms })
      return { sessions: found?.sessions ?? 0, metricsUsd: found?.metrics_usd ?? 0 }
    },
  }
}
