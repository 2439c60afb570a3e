/** What destinations asked for by Retry-After, so that a restart does not forget it. */
import { createHash } from 'node:crypto'
import type { DestinationPause } from '../../domain/destination-pause.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import type { Write } from './writer.ts'

/** The pause of a destination by its address. */
export type DestinationPauses = (destination: string) => DestinationPause

export function createDestinationPauses(connection: Connection, write: Write): DestinationPauses {
  const { kysely } = connection
  const read = prepare(connection, ({ destination }: { destination: string }) =>
    kysely.selectFrom('pauses').select('until_ms').where('destination', '=', destination),
  )
  const put = prepare(connection, (row: NewRow<'pauses'>) =>
    kysely
      .insertInto('pauses')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('destination').doUpdateSet((eb) => ({
          until_ms: eb.ref('excluded.until_ms'),
        })),
      ),
  )
  return (address) => {
    const destination = createHash('sha256').update(address).digest('base64url')
    return {
      untilMs: async () => read.get({ destination })?.until_ms ?? 0,
      set: async (untilMs) => {
        await write(() => put.run({ destination, until_ms: untilMs }))
      },
    }
  }
}
