/**
 * Finds what an exporter may deliver now, oldest first, whether or not it was tried before.
 *
 * There may be a million items after a day without its server, so no more of them is looked at than
 * necessary: those that had no turn yet follow the exporter's position in the order of their ids;
 * only those put off and due again are sorted, and they are few, since a server that fails is left
 * alone as a whole.
 */
import { sql } from 'kysely'
import type { ItemKind } from '../../domain/outbox.ts'
import type { Queue } from '../outbox-queues.ts'
import type { Connection } from './connection.ts'
import { addressesOf } from './outbox-addresses.ts'
import type { OutboxTable } from './outbox-table.ts'
import { prepare } from './prepared.ts'

export interface DueItem {
  readonly id: number
  readonly bytes: number
  readonly created_ms: number
  readonly payload_version: number
  readonly payload: string
}

/** What is known of an item without its payload. */
export interface ItemFacts {
  readonly id: number
  readonly bytes: number
  readonly created_ms: number
}

export interface DueItems {
  /** Ids of pending items whose time has come at `nowMs`, oldest first, each with its failed tries. */
  ids(queue: Queue, nowMs: number, limit: number): readonly { id: number; attempts: number }[]
  read(id: number): DueItem | undefined
  /** When the next one may be tried; 0 when it never was, `undefined` when none is pending. */
  nextDueMs(queue: Queue): number | undefined
  /** The oldest pending items of a queue, whenever their time comes. */
  oldest(queue: Queue, limit: number): readonly ItemFacts[]
}

interface Search {
  readonly exporter: string
  readonly kind: ItemKind
  readonly own: string
  readonly shared: string
  readonly afterId: number
  readonly nowMs: number
  readonly limit: number
}

export function createDueItems(
  connection: Connection,
  table: Pick<OutboxTable, 'positionOf'>,
): DueItems {
  const { kysely } = connection

  const find = prepare(connection, ({ exporter, kind, own, shared, ...search }: Search) => {
    const { afterId, nowMs, limit } = search
    // Each address by itself: within it the index has the order of ids.
    const untriedAt = (destination: string) =>
      kysely
        .selectFrom('outbox')
        .select(['id', sql.lit(0).as('attempts')])
        .where('kind', '=', kind)
        .where('destination', '=', destination)
        .where('id', '>', afterId)
        .orderBy('id')
        .limit(limit)
    const dueAgain = kysely
      .selectFrom('outbox_exceptions')
      .select(['outbox_id as id', 'attempts'])
      .where('exporter', '=', exporter)
      .where('kind', '=', kind)
      .where('state', '=', sql.lit('pending'))
      .where('not_before_ms', '<=', nowMs)
      .orderBy('outbox_id')
      .limit(limit)
    return kysely
      .selectFrom(untriedAt(own).as('untried'))
      .select(['id', 'attempts'])
      .union(kysely.selectFrom(untriedAt(shared).as('shared')).select(['id', 'attempts']))
      .unionAll(kysely.selectFrom(dueAgain.as('due_again')).select(['id', 'attempts']))
      .orderBy('id')
      .limit(limit)
  })
  const hasUntried = prepare(connection, (queue: Omit<Search, 'exporter' | 'nowMs' | 'limit'>) =>
    kysely
      .selectFrom('outbox')
      .select('id')
      .where('kind', '=', queue.kind)
      .where('destination', 'in', [queue.own, queue.shared])
      .where('id', '>', queue.afterId)
      .limit(sql.lit(1)),
  )
  const soonest = prepare(connection, ({ exporter, kind }: Queue) =>
    kysely
      .selectFrom('outbox_exceptions')
      .select(({ fn }) => fn.min<number | null>('not_before_ms').as('ms'))
      .where('exporter', '=', exporter)
      .where('kind', '=', kind)
      .where('state', '=', sql.lit('pending')),
  )
  const read = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .selectFrom('outbox')
      .select(['id', 'bytes', 'created_ms', 'payload_version', 'payload'])
      .where('id', '=', id),
  )
  const facts = prepare(connection, ({ id }: { id: number }) =>
    kysely.selectFrom('outbox').select(['id', 'bytes', 'created_ms']).where('id', '=', id),
  )

  const ids: DueItems['ids'] = (queue, nowMs, limit) => {
    const { exporter, kind } = queue
    const afterId = table.positionOf(queue)
    return find.all({ exporter, kind, ...addressesOf(exporter), afterId, nowMs, limit })
  }

  return {
    ids,
    read: (id) => read.get({ id }),
    nextDueMs: (queue) => {
      const { exporter, kind } = queue
      const behind = { kind, ...addressesOf(exporter), afterId: table.positionOf(queue) }
      if (hasUntried.get(behind) !== undefined) return 0
      return soonest.get({ exporter, kind })?.ms ?? undefined
    },
    oldest: (queue, limit) =>
      ids(queue, Number.MAX_VALUE, limit).flatMap(({ id }) => facts.get({ id }) ?? []),
  }
}
