/** The statements of `outbox-table.ts`, which says when each of them runs. */
import { sql } from 'kysely'
import type { ItemKind } from '../../domain/outbox.ts'
import { EMISSION_VERSION } from '../emission-text.ts'
import type { Queue } from '../outbox-queues.ts'
import type { Connection } from './connection.ts'
import type { Addresses } from './outbox-addresses.ts'
import { type NewRow, prepare } from './prepared.ts'

export type ItemColumns = Pick<
  NewRow<'outbox'>,
  'id' | 'session_key' | 'kind' | 'destination' | 'created_ms' | 'bytes' | 'payload'
>
/** An item at or before an exporter's position that it still has to deliver, or has given up. */
export type Exception = NewRow<'outbox_exceptions'>

interface NamedScore {
  readonly sessionKey: string
  readonly scoreKey: string
  readonly destination: string
}

interface AddressedBehind extends Addresses {
  readonly kind: ItemKind
  readonly afterId: number
}

export function createOutboxStatements(connection: Connection) {
  const { kysely } = connection

  // What all new items have in common stands in the statement: a value that is bound costs more.
  const common = { payload_version: sql.lit(EMISSION_VERSION) }
  const insertItem = prepare(connection, (row: ItemColumns) =>
    kysely.insertInto('outbox').values({ ...row, ...common, score_key: sql.lit(null) }),
  )
  const insertScore = prepare(connection, (row: ItemColumns & { score_key: string }) =>
    kysely.insertInto('outbox').values({ ...row, ...common }),
  )
  const supersede = prepare(connection, (score: NamedScore) =>
    kysely
      .deleteFrom('outbox')
      .where('session_key', '=', score.sessionKey)
      .where('score_key', '=', score.scoreKey)
      .where('destination', '=', score.destination)
      .returning(['id', 'kind', 'bytes', 'destination']),
  )
  const remove = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .deleteFrom('outbox')
      .where('id', '=', id)
      .returning(['id', 'kind', 'bytes', 'destination']),
  )
  const storedRow = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .selectFrom('outbox')
      .select(['session_key', 'score_key', 'bytes', 'destination'])
      .where('id', '=', id),
  )
  const idOfScore = prepare(connection, (score: NamedScore) =>
    kysely
      .selectFrom('outbox')
      .select('id')
      .where('session_key', '=', score.sessionKey)
      .where('score_key', '=', score.scoreKey)
      .where('destination', '=', score.destination),
  )
  const setScoreKey = prepare(
    connection,
    ({ id, score_key }: { id: number; score_key: string | null }) =>
      kysely.updateTable('outbox').set({ score_key }).where('id', '=', id),
  )
  const setPayload = prepare(
    connection,
    ({ id, payload, bytes }: { id: number; payload: string; bytes: number }) =>
      kysely.updateTable('outbox').set({ payload, bytes }).where('id', '=', id),
  )
  const renew = prepare(connection, ({ id, nowMs }: { id: number; nowMs: number }) =>
    kysely.updateTable('outbox').set({ created_ms: nowMs }).where('id', '=', id),
  )
  const idsBetween = prepare(
    connection,
    (range: { kind: ItemKind; own: string; shared: string; afterId: number; throughId: number }) =>
      kysely
        .selectFrom('outbox')
        .select('id')
        .where('kind', '=', range.kind)
        .where('destination', 'in', [range.own, range.shared])
        .where('id', '>', range.afterId)
        .where('id', '<=', range.throughId)
        .orderBy('id'),
  )
  const allPositions = prepare(connection, () => kysely.selectFrom('outbox_positions').selectAll())
  const putPosition = prepare(connection, (row: NewRow<'outbox_positions'>) =>
    kysely
      .insertInto('outbox_positions')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['exporter', 'kind']).doUpdateSet((eb) => ({
          through_id: eb.ref('excluded.through_id'),
        })),
      ),
  )
  const removePosition = prepare(connection, ({ exporter, kind }: Queue) =>
    kysely.deleteFrom('outbox_positions').where('exporter', '=', exporter).where('kind', '=', kind),
  )
  const removeExceptions = prepare(connection, ({ exporter, kind }: Queue) =>
    kysely
      .deleteFrom('outbox_exceptions')
      .where('exporter', '=', exporter)
      .where('kind', '=', kind),
  )
  const exception = prepare(connection, (key: { exporter: string; id: number }) =>
    kysely
      .selectFrom('outbox_exceptions')
      .selectAll()
      .where('exporter', '=', key.exporter)
      .where('outbox_id', '=', key.id),
  )
  const putException = prepare(connection, (row: Exception) =>
    kysely
      .insertInto('outbox_exceptions')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['exporter', 'outbox_id']).doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          attempts: eb.ref('excluded.attempts'),
          not_before_ms: eb.ref('excluded.not_before_ms'),
          reason: eb.ref('excluded.reason'),
        })),
      ),
  )
  const removeException = prepare(connection, (key: { exporter: string; id: number }) =>
    kysely
      .deleteFrom('outbox_exceptions')
      .where('exporter', '=', key.exporter)
      .where('outbox_id', '=', key.id),
  )
  const reserved = prepare(connection, () =>
    kysely.selectFrom('ids').select('reserved').where('name', '=', sql.lit('outbox')),
  )
  const untriedCount = prepare(connection, (queue: AddressedBehind) =>
    kysely
      .selectFrom('outbox')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('kind', '=', queue.kind)
      .where('destination', 'in', [queue.own, queue.shared])
      .where('id', '>', queue.afterId),
  )
  const exceptionCount = prepare(connection, (of: Queue & { state: 'pending' | 'dead' }) =>
    kysely
      .selectFrom('outbox_exceptions')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('exporter', '=', of.exporter)
      .where('kind', '=', of.kind)
      .where('state', '=', of.state),
  )
  const allBytes = prepare(connection, () =>
    kysely.selectFrom('outbox').select(({ fn }) => fn.sum<number | null>('bytes').as('bytes')),
  )

  return {
    insertItem,
    insertScore,
    supersede,
    remove,
    storedRow,
    idOfScore,
    setScoreKey,
    setPayload,
    renew,
    idsBetween,
    allPositions,
    putPosition,
    removePosition,
    removeExceptions,
    exception,
    putException,
    removeException,
    reserved,
    untriedCount,
    exceptionCount,
    allBytes,
  }
}
