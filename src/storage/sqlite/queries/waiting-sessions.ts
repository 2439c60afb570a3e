/** Sessions of which something still waits to be delivered, and how much waits altogether. */
import { sql } from 'kysely'
import type { ExporterWaiting, WaitingReader } from '../../store-reader.ts'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'

/** Whether an item is for an exporter: its own, or for all that are no named destinations. */
function isAddressed(exporter: string) {
  const name = sql.ref(exporter)
  return sql<boolean>`outbox.destination in (${name}, iif(instr(${name}, ':') > 0, ${name}, ''))`
}

export function createWaitingSessions(connection: ReadConnection): WaitingReader {
  const { kysely } = connection
  const keys = prepare(connection, () => {
    const inTurn = kysely
      .selectFrom('outbox_positions')
      .innerJoin('outbox', 'outbox.kind', 'outbox_positions.kind')
      .select('session_key')
      .where(isAddressed('outbox_positions.exporter'))
      .whereRef('outbox.id', '>', 'through_id')
    const putOff = kysely
      .selectFrom('outbox_exceptions')
      .innerJoin('outbox', 'outbox.id', 'outbox_exceptions.outbox_id')
      .select('session_key')
      .where('state', '=', sql.lit('pending'))
    return inTurn.union(putOff)
  })
  /** Off the indexes alone: there may be a million items, whose rows hold their payloads. */
  const counts = prepare(connection, () =>
    kysely.selectFrom('outbox_positions as queue').select((eb) => {
      const inTurn = eb
        .selectFrom('outbox')
        .whereRef('outbox.kind', '=', 'queue.kind')
        .where(isAddressed('queue.exporter'))
        .whereRef('outbox.id', '>', 'queue.through_id')
      const exceptions = eb
        .selectFrom('outbox_exceptions as exception')
        .whereRef('exception.exporter', '=', 'queue.exporter')
        .whereRef('exception.kind', '=', 'queue.kind')
      const pending = exceptions.where('state', '=', sql.lit('pending'))
      return [
        'exporter',
        inTurn.select(({ fn }) => fn.countAll<number>().as('items')).as('in_turn'),
        inTurn.select(({ fn }) => fn.min<number | null>('id').as('id')).as('first_in_turn'),
        pending.select(({ fn }) => fn.countAll<number>().as('items')).as('put_off'),
        pending.select(({ fn }) => fn.min<number | null>('outbox_id').as('id')).as('first_put_off'),
        exceptions
          .where('state', '=', sql.lit('dead'))
          .select(({ fn }) => fn.countAll<number>().as('items'))
          .as('dead'),
      ]
    }),
  )
  const created = prepare(connection, ({ id }: { id: number }) =>
    kysely.selectFrom('outbox').select('created_ms').where('id', '=', id),
  )

  function exporterCounts(): ExporterWaiting[] {
    const byName = new Map<string, ExporterWaiting>()
    for (const row of counts.all({})) {
      const before = byName.get(row.exporter)
      const created_ms = [row.first_in_turn, row.first_put_off].flatMap((id) =>
        id === null ? [] : (created.get({ id })?.created_ms ?? []),
      )
      byName.set(row.exporter, {
        name: row.exporter,
        pending: (before?.pending ?? 0) + (row.in_turn ?? 0) + (row.put_off ?? 0),
        dead: (before?.dead ?? 0) + (row.dead ?? 0),
        oldestPendingMs: earliest([before?.oldestPendingMs, ...created_ms]),
      })
    }
    return [...byName.values()]
  }

  return {
    keys: async () => new Set(keys.all({}).map((row) => row.session_key)),
    counts: async () => {
      const exporters = exporterCounts()
      return {
        pending: exporters.reduce((sum, { pending }) => sum + pending, 0),
        dead: exporters.reduce((sum, { dead }) => sum + dead, 0),
        oldestPendingMs: earliest(exporters.map(({ oldestPendingMs }) => oldestPendingMs)),
        exporters,
      }
    },
  }
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : known.reduce((a, b) => Math.min(a, b))
}
