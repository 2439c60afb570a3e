/** The audit log over SQLite. What is too old, or too much, goes when something new comes. */
import type { AuditLog } from '../../domain/key-store.ts'
import {
  AUDIT_ENTRIES_PER_SLICE,
  type AuditRow,
  auditEntryOf,
  MAX_AUDIT_ENTRIES,
} from '../stored-access.ts'
import type { Connection } from './connection.ts'
import type { Write } from './writer.ts'

interface AuditRowsDeps {
  readonly connection: Connection
  readonly write: Write
  /** 0 keeps them for ever, as far as their number allows. */
  readonly retentionMs: number
  readonly now: () => number
  readonly maxEntries?: number
}

export function createAuditRows(deps: AuditRowsDeps): AuditLog {
  const { connection, write, retentionMs, now, maxEntries = MAX_AUDIT_ENTRIES } = deps
  const { handle } = connection
  const insert = handle.prepare<[number, string, string, string | null, string]>(
    'insert into audit_log (at_ms, actor, action, target, outcome) values (?, ?, ?, ?, ?)',
  )
  // Ids count up with time, so the oldest are the first; ids that are gone leave gaps, never more rows.
  const expire = handle.prepare<[number, number, number]>(
    `delete from audit_log where id in (
       select id from audit_log
       where at_ms < ? or id <= (select max(id) from audit_log) - ?
       order by id limit ?)`,
  )
  const behind = handle.prepare<[number, number], AuditRow>(
    'select * from audit_log where id < ? order by id desc limit ?',
  )
  const transaction = handle.transaction((work: () => void) => work())

  return {
    append: (entries) =>
      write(() =>
        transaction.immediate(() => {
          for (const { atMs, actor, action, target = null, outcome } of entries) {
            insert.run(atMs, actor, action, target, outcome)
          }
          const beforeMs = retentionMs === 0 ? -Number.MAX_VALUE : now() - retentionMs
          expire.run(beforeMs, maxEntries, AUDIT_ENTRIES_PER_SLICE)
        }),
      ),
    list: async (beforeId, limit) =>
      behind.all(beforeId ?? Number.MAX_SAFE_INTEGER, limit).map(auditEntryOf),
  }
}
