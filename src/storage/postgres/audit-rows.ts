/** The audit log over PostgreSQL. What is too old, or too much, goes when something new comes. */
import type { AuditEntry, AuditLog } from '../../domain/key-store.ts'
import type { Database } from './connection.ts'
import { optionalText, plainText } from './stored-values.ts'
import { insertRows } from './values-list.ts'
import type { Write } from './writer.ts'

/** Some 100 bytes each. */
const MAX_ENTRIES = 200_000
/** Deleted with one append at most: it is short. */
const PER_SLICE = 500
const COLUMNS = ['at_ms', 'actor', 'action', 'target', 'outcome']

interface AuditRowsDeps {
  readonly database: Database
  readonly write: Write
  /** 0 keeps them for ever, as far as their number allows. */
  readonly retentionMs: number
  readonly now: () => number
  readonly maxEntries?: number
}

interface AuditRow {
  readonly id: number
  readonly at_ms: number
  readonly actor: string
  readonly action: string
  readonly target: string | null
  readonly outcome: AuditEntry['outcome']
}

export function createAuditRows(deps: AuditRowsDeps): AuditLog {
  const { database, write, retentionMs, now, maxEntries = MAX_ENTRIES } = deps
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
            [retentionMs === 0 ? -Number.MAX_VALUE : now() - retentionMs, maxEntries, PER_SLICE],
          )
        }),
      ),
    list: async (beforeId, limit) => {
      const rows = await database.query<AuditRow>(
        'select * from audit_log where id < $1 order by id desc limit $2',
        [beforeId ?? Number.MAX_SAFE_INTEGER, limit],
      )
      return rows.map(({ id, at_ms, actor, action, target, outcome }) => ({
        ...{ id, atMs: at_ms, actor, action, outcome },
        ...(target !== null && { target }),
      }))
    },
  }
}
