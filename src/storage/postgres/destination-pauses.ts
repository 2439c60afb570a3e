/** What destinations asked for by Retry-After, for all replicas. */
import { createHash } from 'node:crypto'
import type { DestinationPause } from '../../domain/destination-pause.ts'
import type { Database } from './connection.ts'
import type { Write } from './writer.ts'

export function destinationPause(
  database: Database,
  write: Write,
  address: string,
): DestinationPause {
  const destination = createHash('sha256').update(address).digest('base64url')
  return {
    untilMs: async () => {
      const [row] = await database.query<{ readonly until_ms: number }>(
        'select until_ms from pauses where destination = $1',
        [destination],
      )
      return row?.until_ms ?? 0
    },
    set: async (untilMs) => {
      await write(() =>
        database.run(
          `insert into pauses (destination, until_ms) values ($1, $2)
           on conflict (destination) do update set until_ms = excluded.until_ms`,
          [destination, untilMs],
        ),
      )
    },
  }
}
