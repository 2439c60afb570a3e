/**
 * Alerts over PostgreSQL: the note of each, and the queues of channels. `next` claims what it returns, so
 * that of several replicas one sends it.
 */
import { randomUUID } from 'node:crypto'
import type { AlertStore } from '../../domain/alert.ts'
import {
  type AlertRow,
  alertColumns,
  foundAlertOf,
  KNOWN_KINDS,
  MAX_WAITING_ALERTS,
  queuedAlertOf,
} from '../stored-alerts.ts'
import type { StoreLog } from '../store-log.ts'
import type { Database, Statements } from './connection.ts'
import { isFree } from './replica.ts'
import type { BudgetAlertsTable } from './schema.ts'
import { keyText, plainText } from './stored-values.ts'
import type { Write } from './writer.ts'

/** Any number will do, as long as it stays. */
const ALERTS_LOCK = 7_251_403_118_600_005n

type NewAlert = Pick<AlertRow, 'id' | 'kind' | 'topic' | 'subject' | 'body' | 'created_ms'> & {
  readonly session_ref: number | null
}

const INSERT = `insert into alerts
    (id, channel, kind, topic, subject, body, session_ref, created_ms, attempts, not_before_ms)
  values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)
  on conflict do nothing`

export function createAlertRows(
  database: Database,
  write: Write,
  self: number,
  log: StoreLog,
): AlertStore {
  function insert(
    statements: Statements,
    row: NewAlert,
    channel: string,
    notBeforeMs: number | null,
  ): Promise<number> {
    const { id, kind, topic, subject, body, session_ref, created_ms } = row
    const texts = [id, channel, kind, topic, plainText(subject), plainText(body)]
    return statements.run(INSERT, [...texts, session_ref, created_ms, notBeforeMs])
  }

  async function enqueue(statements: Statements, row: NewAlert, channel: string): Promise<void> {
    const [found] = await statements.query<{ readonly waiting: number }>(
      'select count(*) as waiting from alerts where channel = $1 and not_before_ms is not null',
      [channel],
    )
    const isFull = (found?.waiting ?? 0) >= MAX_WAITING_ALERTS
    if (isFull)
      log.error({ channel }, 'too many alerts are waiting for a channel, dropped this one')
    else await insert(statements, row, channel, 0)
  }

  return {
    raise: (alert, { sinceMs, channels, sessionKey }) =>
      write(() =>
        database.transaction(async (statements) => {
          // Of replicas that find the same, one notes it.
          await statements.query('select pg_advisory_xact_lock($1)', [ALERTS_LOCK])
          const columns = alertColumns(alert)
          const known = await statements.query(
            `select 1 from alerts where topic = $1 and created_ms >= $2 and channel = '' limit 1`,
            [columns.topic, sinceMs],
          )
          if (known.length > 0) return false
          const [session] =
            sessionKey === undefined
              ? []
              : await statements.query<{ readonly id: number }>(
                  'select id from sessions where session_key = $1',
                  [keyText(sessionKey)],
                )
          const row = {
            ...columns,
            id: randomUUID(),
            session_ref: session?.id ?? null,
            created_ms: alert.atMs,
          }
          await insert(statements, row, '', null)
          for (const channel of channels) await enqueue(statements, row, channel)
          return true
        }),
      ),
    adopt: async (channels) => {
      if (channels.length === 0) return
      const waiting = await database.query(
        'select 1 from budget_alerts where webhook_not_before_ms is not null limit 1',
      )
      if (waiting.length === 0) return
      await write(() =>
        database.transaction(async (statements) => {
          // A replica of the version before may be sending one of them.
          const found = await statements.query<BudgetAlertsTable>(
            `select * from budget_alerts
             where webhook_not_before_ms is not null and ${isFree('owner', '$1')}
             order by created_ms limit ${MAX_WAITING_ALERTS} for update skip locked`,
            [self],
          )
          for (const { id, session_ref, created_ms, ...rest } of found) {
            const row = {
              ...alertColumns(foundAlertOf({ ...rest, created_ms })),
              ...{ id, session_ref, created_ms },
            }
            for (const channel of channels) await enqueue(statements, row, channel)
            await statements.run(
              'update budget_alerts set webhook_not_before_ms = null, owner = null where id = $1',
              [id],
            )
          }
        }),
      )
    },
    queue: (channel) => {
      async function settle(id: string): Promise<void> {
        await write(() =>
          database.run(
            `update alerts set not_before_ms = null, owner = null where id = $1 and channel = $2`,
            [id, channel],
          ),
        )
      }
      return {
        next: async () => {
          const [row] = await write(() =>
            database.query<AlertRow>(
              `with first as (
                 select id from alerts
                 where channel = $2 and not_before_ms is not null and kind in (${KNOWN_KINDS})
                   and ${isFree('owner', '$1')}
                 order by not_before_ms, created_ms limit 1 for update skip locked)
               update alerts a set owner = $1::integer from first
               where a.id = first.id and a.channel = $2
               returning a.*`,
              [self, channel],
            ),
          )
          if (row === undefined) return undefined
          const queued = queuedAlertOf(row)
          // What cannot be read would stand before all others.
          if (queued === undefined) await settle(row.id)
          return queued
        },
        putOff: async (id, notBeforeMs) => {
          await write(() =>
            database.run(
              `update alerts set attempts = attempts + 1, not_before_ms = $3
               where id = $1 and channel = $2 and ${isFree('owner', '$4')}`,
              [id, channel, notBeforeMs, self],
            ),
          )
        },
        settle,
      }
    },
  }
}
