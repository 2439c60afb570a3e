/**
 * What is to be forwarded, on its way into the outbox: each item once. What is known of an item is
 * kept for as long as a client, or a collector with a queue on its disk, may send it again.
 */
import { sql } from 'kysely'
import type { Clock } from '../../domain/clock.ts'
import type { ForwardStore } from '../../domain/forwarded-request.ts'
import type { Connection } from './connection.ts'
import type { IdBlocks } from './id-blocks.ts'
import type { OutboxTable } from './outbox-table.ts'
import { type NewRow, prepare } from './prepared.ts'
import type { Write } from './writer.ts'

export interface ForwardedBounds {
  readonly items: number
  readonly ageMs: number
}

const DAY_MS = 86_400_000
const PER_SLICE = 2000

/** A digest takes some eighty bytes with its index. */
export const forwardedBounds: ForwardedBounds = { items: 1_000_000, ageMs: 14 * DAY_MS }

export interface ForwardedItems extends ForwardStore {
  /** One slice of forgetting what is too old or too much; true while there is more. */
  expire(nowMs: number): boolean
}

interface ForwardedDeps {
  readonly connection: Connection
  readonly ids: Pick<IdBlocks, 'forget'>
  readonly outbox: Pick<OutboxTable, 'change' | 'insert'>
  readonly clock: Clock
  readonly write: Write
  readonly bounds?: ForwardedBounds
}

export function createForwardedItems(deps: ForwardedDeps): ForwardedItems {
  const { connection, ids, outbox, clock, write, bounds = forwardedBounds } = deps
  const { kysely } = connection
  const insert = prepare(connection, (row: NewRow<'forwarded'>) =>
    kysely
      .insertInto('forwarded')
      .values(row)
      .onConflict((conflict) => conflict.column('digest').doNothing()),
  )
  const count = prepare(connection, () =>
    kysely.selectFrom('forwarded').select(({ fn }) => fn.countAll<number>().as('items')),
  )
  const remove = prepare(connection, ({ beforeMs }: { beforeMs: number }) =>
    kysely
      .deleteFrom('forwarded')
      .where('digest', 'in', (eb) =>
        eb
          .selectFrom('forwarded')
          .select('digest')
          .where('received_ms', '<', beforeMs)
          .orderBy('received_ms')
          .limit(sql.lit(PER_SLICE)),
      ),
  )
  /** Counted when it is first asked for. */
  let held: number | undefined

  function heldItems(): number {
    held ??= count.get({})?.items ?? 0
    return held
  }

  return {
    keep: (items, requestOf, destination) =>
      write(() => {
        const nowMs = clock.now()
        const before = heldItems()
        try {
          return outbox.change(() => {
            const fresh = items.filter(
              ({ digest }) => insert.run({ digest, received_ms: nowMs }).changes > 0,
            )
            if (fresh.length === 0) return false
            outbox.insert(
              requestOf(fresh.map(({ item }) => item)),
              nowMs,
              destination === undefined ? undefined : [destination],
            )
            held = before + fresh.length
            return true
          })
        } catch (error) {
          ids.forget()
          held = before
          throw error
        }
      }),
    expire: (nowMs) => {
      const isTooMany = heldItems() > bounds.items
      const beforeMs = isTooMany ? Number.MAX_SAFE_INTEGER : nowMs - bounds.ageMs
      const { changes } = remove.run({ beforeMs })
      held = heldItems() - changes
      return changes === PER_SLICE
    },
  }
}
