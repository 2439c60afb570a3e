/** Named keys over SQLite: few rows, read whole. */
import type { KeyStore } from '../../domain/key-store.ts'
import { type ApiKeyRow, changedKey, keyBodyOf, keyOf } from '../stored-access.ts'
import type { Connection } from './connection.ts'
import type { Write } from './writer.ts'

export function createKeyRows(connection: Connection, write: Write): KeyStore {
  const { handle } = connection
  const all = handle.prepare<[], ApiKeyRow>('select * from api_keys order by created_ms, id')
  const one = handle.prepare<[string], ApiKeyRow>('select * from api_keys where id = ?')
  const insert = handle.prepare<[string, string, number, string]>(
    `insert into api_keys (id, name, created_ms, body) values (?, ?, ?, ?)
     on conflict (name) where revoked_ms is null do nothing`,
  )
  const update = handle.prepare<[number | null, string, string]>(
    'update api_keys set revoked_ms = ?, body = ? where id = ?',
  )
  const use = handle.prepare<[number, number, number, number, string]>(
    `update api_keys set last_used_ms = max(coalesce(last_used_ms, 0), ?),
       used_bytes = case when used_day_ms = ? then coalesce(used_bytes, 0) else 0 end + ?,
       used_day_ms = ?
     where id = ?`,
  )
  const transaction = handle.transaction((work: () => unknown) => work())
  const changed = <T>(work: () => T): Promise<T> => write(() => transaction.immediate(work) as T)

  return {
    list: async () => all.all().map(keyOf),
    add: (key) =>
      changed(() => insert.run(key.id, key.name, key.createdMs, keyBodyOf(key)).changes > 0),
    change: (id, change) =>
      changed(() => {
        const row = one.get(id)
        if (row === undefined) return undefined
        const key = changedKey(row, change)
        update.run(key.revokedMs ?? null, keyBodyOf(key), id)
        return key
      }),
    noteUses: (uses) =>
      changed(() => {
        for (const { id, lastUsedMs, dayMs, bytes } of uses) {
          use.run(lastUsedMs, dayMs, bytes, dayMs, id)
        }
      }),
  }
}
