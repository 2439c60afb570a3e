/**
 * What is to be forwarded, on its way into the outbox: each item once. What is known of an item is
 * kept for as long as a client, or a collector with a queue on its disk, may send it again.
 */
import type { Clock } from '../../domain/clock.ts'
import type { ForwardStore } from '../../domain/forwarded-request.ts'
import type { Database } from './connection.ts'
import { insertItems } from './outbox-rows.ts'
import type { Write } from './writer.ts'

const DAY_MS = 86_400_000
const PER_SLICE = 2000
const MAX_ITEMS = 1_000_000
const MAX_AGE_MS = 14 * DAY_MS

export interface ForwardedItems extends ForwardStore {
  /** One slice of forgetting what is too old or too much; whether there is more. */
  expire(nowMs: number): Promise<boolean>
}

export function createForwardedItems(
  database: Database,
  write: Write,
  clock: Clock,
): ForwardedItems {
  return {
    keep: (items, requestOf, destination) =>
      write(() =>
        database.transaction(async (statements) => {
          const nowMs = clock.now()
          // In one order for everybody: whoever brings the same items waits, and knows them then.
          const digests = [...new Set(items.map(({ digest }) => digest))].sort()
          const added = await statements.query<{ readonly digest: string }>(
            `insert into forwarded (digest, received_ms)
             select digest, $2 from unnest($1::text[]) as digest
             on conflict (digest) do nothing returning digest`,
            [digests, nowMs],
          )
          const isFresh = new Set(added.map(({ digest }) => digest))
          // Of two that are one in a request the first.
          const fresh = items.filter(({ digest }) => isFresh.delete(digest))
          if (fresh.length === 0) return false
          const request = requestOf(fresh.map(({ item }) => item))
          const to = destination === undefined ? undefined : [destination]
          await insertItems(statements, [request], nowMs, () => to)
          return true
        }),
      ),
    expire: (nowMs) =>
      write(async () => {
        const [row] = await database.query<{ readonly items: number }>(
          'select count(*) as items from forwarded',
        )
        const excess = Math.min(PER_SLICE, Math.max(0, (row?.items ?? 0) - MAX_ITEMS))
        const dropped = await database.run(
          `delete from forwarded where digest in (
             select digest from forwarded where received_ms < $1
             order by received_ms limit $2 for update skip locked)`,
          excess > 0 ? [Number.MAX_SAFE_INTEGER, excess] : [nowMs - MAX_AGE_MS, PER_SLICE],
        )
        return dropped === PER_SLICE
      }),
  }
}
