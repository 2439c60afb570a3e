/**
 * The rows of the outbox. Every change of them is made here, so that how many there are, and of
 * what size, is known without counting: there may be a million.
 *
 * A score has one row: a newer one takes the place of the one that waits or is dead. So whoever
 * still holds the older item (a delivery that is under way) marks a row that is gone, and an older
 * score can neither be put off nor be put back once a newer one was committed.
 */
import { sql } from 'kysely'
import type { Emission } from '../../domain/emission.ts'
import type { Connection } from './connection.ts'
import { EMISSION_VERSION, writeEmission } from './emission-text.ts'
import type { IdBlocks } from './id-blocks.ts'
import { type NewRow, prepare } from './prepared.ts'

export interface OutboxCounts {
  readonly pending: number
  readonly dead: number
  /** Of all payloads. */
  readonly bytes: number
}

/** Changes may only be made within `change` or `counted`. Those of a row that is gone do nothing. */
export interface OutboxTable {
  counts(): OutboxCounts
  /** Runs changes in one transaction. */
  change<T>(work: () => T): T
  /** Runs a transaction with changes in it; if it throws, the counts are what they were. */
  counted<T>(transaction: () => T): T
  insert(emission: Emission, nowMs: number): void
  /** Whether there was such a row. */
  remove(id: number): boolean
  /** Counts a failed try. */
  putOff(id: number, notBeforeMs: number, reason: string): void
  /** Makes it dead. */
  putAside(id: number, reason: string): void
  /** Makes a dead one pending as if it were new. Whether there was one. */
  putBack(id: number, nowMs: number): boolean
}

type EmissionColumns = Pick<
  NewRow<'outbox'>,
  'id' | 'session_key' | 'kind' | 'created_ms' | 'bytes' | 'payload'
>

type State = 'pending' | 'dead'

interface Counts {
  pending: number
  dead: number
  bytes: number
}

export function createOutboxTable(connection: Connection, ids: IdBlocks): OutboxTable {
  const { handle, kysely } = connection
  const externalChanges = handle.prepare<[], number>('pragma data_version').pluck()
  const size = (state: State) =>
    prepare(connection, () =>
      kysely
        .selectFrom('outbox')
        .select(({ fn }) => [
          fn.countAll<number>().as('count'),
          fn.sum<number | null>('bytes').as('bytes'),
        ])
        // A literal: SQLite uses a partial index only where it sees the index's condition.
        .where('state', '=', sql.lit(state)),
    )
  const pendingSize = size('pending')
  const deadSize = size('dead')

  // What all new items have in common stands in the statement: a value that is bound costs more.
  const common = {
    state: sql.lit('pending' as const),
    attempts: sql.lit(0),
    not_before_ms: sql.lit(0),
    reason: sql.lit(null),
    payload_version: sql.lit(EMISSION_VERSION),
  }
  const insertObservation = prepare(connection, (row: EmissionColumns) =>
    kysely.insertInto('outbox').values({ ...row, ...common, score_key: sql.lit(null) }),
  )
  const insertScore = prepare(connection, (row: EmissionColumns & { score_key: string }) =>
    kysely.insertInto('outbox').values({ ...row, ...common }),
  )
  const supersede = prepare(connection, (score: { sessionKey: string; scoreKey: string }) =>
    kysely
      .deleteFrom('outbox')
      .where('session_key', '=', score.sessionKey)
      .where('score_key', '=', score.scoreKey)
      .returning(['state', 'bytes']),
  )
  const remove = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('outbox').where('id', '=', id).returning(['state', 'bytes']),
  )
  const putOff = prepare(connection, (to: { id: number; notBeforeMs: number; reason: string }) =>
    kysely
      .updateTable('outbox')
      .set((eb) => ({
        attempts: eb('attempts', '+', 1),
        not_before_ms: to.notBeforeMs,
        reason: to.reason,
      }))
      .where('id', '=', to.id),
  )
  const putAside = prepare(connection, ({ id, reason }: { id: number; reason: string }) =>
    kysely
      .updateTable('outbox')
      .set({ state: sql.lit('dead'), reason })
      .where('id', '=', id)
      .where('state', '=', sql.lit('pending')),
  )
  const putBack = prepare(connection, ({ id, nowMs }: { id: number; nowMs: number }) =>
    kysely
      .updateTable('outbox')
      .set({
        state: sql.lit('pending'),
        attempts: sql.lit(0),
        not_before_ms: sql.lit(0),
        reason: sql.lit(null),
        created_ms: nowMs,
      })
      .where('id', '=', id)
      .where('state', '=', sql.lit('dead')),
  )
  const transaction = handle.transaction((work: () => unknown) => work())

  let known: Counts = { pending: 0, dead: 0, bytes: 0 }
  let countedAt: number | undefined

  function counted<T>(work: () => T): T {
    const before = { ...known }
    try {
      return work()
    } catch (error) {
      known = before
      throw error
    }
  }

  function forgetRow({ state, bytes }: { readonly state: State; readonly bytes: number }): void {
    known[state] -= 1
    known.bytes -= bytes
  }

  return {
    counts: () => {
      // Another program (a command beside the bridge) may have changed rows: then they are counted.
      const changes = externalChanges.get()
      if (changes !== countedAt) {
        const [pending, dead] = [pendingSize.get({}), deadSize.get({})]
        known = {
          pending: pending?.count ?? 0,
          dead: dead?.count ?? 0,
          bytes: (pending?.bytes ?? 0) + (dead?.bytes ?? 0),
        }
        countedAt = changes
      }
      return { ...known }
    },
    counted,
    // Immediate: a lock taken later than the first read could be refused half-way.
    change: <T>(work: () => T) => counted(() => transaction.immediate(work) as T),
    insert: (emission, nowMs) => {
      const payload = writeEmission(emission)
      const bytes = Buffer.byteLength(payload)
      const { kind, sessionKey, key } = emission
      const row = {
        id: ids.next('outbox'),
        session_key: sessionKey,
        kind,
        created_ms: nowMs,
        bytes,
        payload,
      }
      if (kind === 'score') {
        const older = supersede.get({ sessionKey, scoreKey: key })
        if (older !== undefined) forgetRow(older)
        insertScore.run({ ...row, score_key: key })
      } else {
        insertObservation.run(row)
      }
      known.pending += 1
      known.bytes += bytes
    },
    remove: (id) => {
      const row = remove.get({ id })
      if (row !== undefined) forgetRow(row)
      return row !== undefined
    },
    putOff: (id, notBeforeMs, reason) => void putOff.run({ id, notBeforeMs, reason }),
    putAside: (id, reason) => {
      if (putAside.run({ id, reason }).changes === 0) return
      known.pending -= 1
      known.dead += 1
    },
    putBack: (id, nowMs) => {
      if (putBack.run({ id, nowMs }).changes === 0) return false
      known.dead -= 1
      known.pending += 1
      return true
    },
  }
}
