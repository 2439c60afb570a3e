/** Alerts over SQLite: the note of each, and the queues of channels. */
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
import type { Connection } from './connection.ts'
import type { BudgetAlertsTable } from '../shared/schema.ts'
import type { Write } from './writer.ts'

type Insert = Omit<AlertRow, 'attempts' | 'not_before_ms'> & {
  readonly session_ref: number | null
  readonly not_before_ms: number | null
}

export function createAlertRows(connection: Connection, write: Write, log: StoreLog): AlertStore {
  const { handle } = connection
  const known = handle
    .prepare<[string, number]>(
      `select 1 from alerts where topic = ? and created_ms >= ? and channel = '' limit 1`,
    )
    .pluck()
  const refOf = handle
    .prepare<[string], number>('select id from sessions where session_key = ?')
    .pluck()
  const waiting = handle
    .prepare<[string], number>(
      'select count(*) from alerts where channel = ? and not_before_ms is not null',
    )
    .pluck()
  const insert = handle.prepare<[Insert]>(
    `insert into alerts (id, channel, kind, topic, subject, body, session_ref, created_ms, attempts,
       not_before_ms)
     values (:id, :channel, :kind, :topic, :subject, :body, :session_ref, :created_ms, 0,
       :not_before_ms)
     on conflict do nothing`,
  )
  const found = handle.prepare<[], BudgetAlertsTable>(
    `select * from budget_alerts where webhook_not_before_ms is not null
     order by created_ms limit ${MAX_WAITING_ALERTS}`,
  )
  const adopted = handle.prepare<[string]>(
    'update budget_alerts set webhook_not_before_ms = null where id = ?',
  )
  const next = handle.prepare<[string], AlertRow>(
    `select * from alerts
     where channel = ? and not_before_ms is not null and kind in (${KNOWN_KINDS})
     order by not_before_ms, created_ms limit 1`,
  )
  const putOff = handle.prepare<[number, string, string]>(
    'update alerts set attempts = attempts + 1, not_before_ms = ? where id = ? and channel = ?',
  )
  const settle = handle.prepare<[string, string]>(
    'update alerts set not_before_ms = null where id = ? and channel = ?',
  )
  const transaction = handle.transaction((work: () => unknown) => work())
  const changed = <T>(work: () => T): Promise<T> => write(() => transaction.immediate(work) as T)

  function enqueue(row: Omit<Insert, 'channel' | 'not_before_ms'>, channel: string): void {
    const isFull = (waiting.get(channel) ?? 0) >= MAX_WAITING_ALERTS
    if (isFull)
      log.error({ channel }, 'too many alerts are waiting for a channel, dropped this one')
    else insert.run({ ...row, channel, not_before_ms: 0 })
  }

  return {
    raise: (alert, { sinceMs, channels, sessionKey }) =>
      changed(() => {
        const columns = alertColumns(alert)
        if (known.get(columns.topic, sinceMs) !== undefined) return false
        const session_ref = sessionKey === undefined ? null : (refOf.get(sessionKey) ?? null)
        const row = { ...columns, id: randomUUID(), session_ref, created_ms: alert.atMs }
        insert.run({ ...row, channel: '', not_before_ms: null })
        for (const channel of channels) enqueue(row, channel)
        return true
      }),
    adopt: async (channels) => {
      if (channels.length === 0 || found.get() === undefined) return
      await changed(() => {
        for (const { id, session_ref, created_ms, ...rest } of found.all()) {
          const columns = alertColumns(foundAlertOf({ ...rest, created_ms }))
          for (const channel of channels)
            enqueue({ ...columns, id, session_ref, created_ms }, channel)
          adopted.run(id)
        }
      })
    },
    queue: (channel) => ({
      next: async () => {
        const row = next.get(channel)
        if (row === undefined) return undefined
        const queued = queuedAlertOf(row)
        // What cannot be read would stand before all others.
        if (queued === undefined) await write(() => settle.run(row.id, channel))
        return queued
      },
      putOff: async (id, notBeforeMs) =>
        void (await write(() => putOff.run(notBeforeMs, id, channel))),
      settle: async (id) => void (await write(() => settle.run(id, channel))),
    }),
  }
}
