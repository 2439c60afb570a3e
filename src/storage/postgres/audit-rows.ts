/** The audit log over PostgreSQL. What is too old, or too much, goes when something new comes. */
import type { AuditLog } from '../../domain/key-store.ts'
import {
  AUDIT_ENTRIES_PER_SLICE,
  type AuditRow,
  auditEntryOf,
  MAX_AUDIT_ENTRIES,
} from '../stored-access.ts'
import type { Database } from './connection.ts'
import { optionalText, plainText } from './stored-values.ts'
import { insertRows } from './values-list.ts'
import type { Write } from './writer.ts'

const COLUMNS = ['at_ms', 'actor', 'action', 'target', 'outcome']

interface AuditRowsDeps {
  readonly database: Database
  readonly write: Write
  /** 0 keeps them for ever, as far as their number allows. */
  readonly retentionMs: number
  readonly now: () => number
  readonly maxEntries?: number
}

export function createAuditRows(deps: AuditRowsDeps): AuditLog {
  const { database, write, retentionMs, now, maxEntries = MAX_AUDIT_ENTRIES } = deps
  return {
    append: (entries) =>
      write(() =>
        database.transaction(async (statements) => {
          const rows = entries.map(({ atMs, actor, action, target, outcome }) => {
            return [atMs, plainText(actor), action, optionalText(target), outcome]
          })
          await insertRows(statements, 'audit_log', COLUMNS, rows)
          // Numbers that were given up leave gaps, never more rows.
          await statements.run(
            `delete from audit_log where id = any(array(
               select id from audit_log
               where at_ms < $1 or id <= (select max(id) from audit_log) - $2
               order by id limit $3 for update skip locked))`,
            [
              retentionMs === 0 ? -Number.MAX_VALUE : now() - retentionMs,
              maxEntries,
              AUDIT_ENTRIES_PER_SLICE,
            ],
          )
        }),
      ),
    list: async (beforeId, limit) => {
      const rows = await database.query<AuditRow>(
        'select * from audit_log where id < $1 order by id desc limit $2',
        [beforeId ?? Number.MAX_SAFE_INTEGER, limit],
      )
      return rows.map(auditEntryOf)
    },
  }
}
