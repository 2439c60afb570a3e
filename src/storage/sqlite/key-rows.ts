/** Named keys over SQLite: few rows, read whole. */
import type { KeyStore, StoredKey } from '../../domain/key-store.ts'
import type { Connection } from './connection.ts'
import type { ApiKeysTable } from './schema.ts'
import type { Write } from './writer.ts'

/** Of which there are columns. */
type InColumns = 'id' | 'name' | 'createdMs' | 'revokedMs' | 'lastUsedMs' | 'dayUse'
type Body = Omit<StoredKey, InColumns>

export function createKeyRows(connection: Connection, write: Write): KeyStore {
  const { handle } = connection
  const all = handle.prepare<[], ApiKeysTable>('select * from api_keys order by created_ms, id')
  const one = handle.prepare<[string], ApiKeysTable>('select * from api_keys where id = ?')
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
      changed(() => insert.run(key.id, key.name, key.createdMs, bodyOf(key)).changes > 0),
    change: (id, change) =>
      changed(() => {
        const row = one.get(id)
        if (row === undefined) return undefined
        const before = keyOf(row)
        const { name, createdMs, lastUsedMs, dayUse } = before
        const key = { ...change(before), id, name, createdMs, lastUsedMs, dayUse }
        update.run(key.revokedMs ?? null, bodyOf(key), id)
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

function bodyOf(key: StoredKey): string {
  const { scopes, team, user, expiresMs, secrets, recordsPerMinute, bytesPerDay } = key
  const body: Required<Body> = {
    ...{ scopes, team, user, expiresMs, secrets, recordsPerMinute, bytesPerDay },
  }
  return JSON.stringify(body)
}

function keyOf(row: ApiKeysTable): StoredKey {
  const body = JSON.parse(row.body) as Body
  return {
    ...body,
    id: row.id,
    name: row.name,
    createdMs: row.created_ms,
    ...(row.revoked_ms !== null && { revokedMs: row.revoked_ms }),
    ...(row.last_used_ms !== null && { lastUsedMs: row.last_used_ms }),
    ...(row.used_day_ms !== null && {
      dayUse: { dayMs: row.used_day_ms, bytes: row.used_bytes ?? 0 },
    }),
  }
}
