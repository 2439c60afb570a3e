/**
 * Deletes one session with every row of it, slice by slice, so that others are not kept waiting for
 * long. The records go first, the session last: one that was interrupted can be deleted again.
 */
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import type { SessionKey } from '../domain/identity.ts'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'
import { createSessionRowsDeletion } from './session-rows-deletion.ts'

export interface SessionRemoval {
  /** Resolves to how many records it had; undefined when there is no such session. */
  remove(key: SessionKey): Promise<number | undefined>
}

const OUTBOX_PER_SLICE = 1000

export function createSessionRemoval(connection: Connection): SessionRemoval {
  const { handle, kysely } = connection

  const find = prepare(connection, ({ key }: { key: SessionKey }) =>
    kysely
      .selectFrom('sessions')
      .leftJoin('record_batches', 'session_ref', 'sessions.id')
      .select(({ fn }) => ['sessions.id', fn.sum<number | null>('records').as('records')])
      .where('session_key', '=', key)
      .groupBy('sessions.id'),
  )
  const rows = createSessionRowsDeletion(connection)
  // By id: an index on the session's key would cost every emission more than this ever takes.
  const outboxSlice = prepare(connection, ({ afterId }: { afterId: number }) =>
    kysely
      .selectFrom('outbox')
      .select(['id', 'session_key'])
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(sql.lit(OUTBOX_PER_SLICE)),
  )
  const deleteItem = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('outbox').where('id', '=', id),
  )
  const deleteItems = handle.transaction((ids: readonly number[]) => {
    for (const id of ids) deleteItem.run({ id })
  })

  async function emptyOutbox(key: SessionKey): Promise<void> {
    let afterId = 0
    for (;;) {
      const items = outboxSlice.all({ afterId })
      const own = items.filter((item) => item.session_key === key)
      if (own.length > 0) deleteItems.immediate(own.map(({ id }) => id))
      afterId = items.at(-1)?.id ?? afterId
      if (items.length < OUTBOX_PER_SLICE) return
      await setImmediate()
    }
  }

  return {
    remove: async (key) => {
      const found = find.get({ key })
      if (found === undefined) return undefined
      while (rows.deleteRecords(found.id)) await setImmediate()
      await emptyOutbox(key)
      rows.deleteSession(found.id)
      return found.records ?? 0
    },
  }
}
