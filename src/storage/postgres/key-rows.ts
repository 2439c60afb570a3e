/** Named keys over PostgreSQL: few rows, read whole. */
import type { KeyStore } from '../../domain/key-store.ts'
import { type ApiKeyRow, changedKey, keyBodyOf, keyOf } from '../stored-access.ts'
import type { Database } from './connection.ts'
import { plainText } from './stored-values.ts'
import type { Write } from './writer.ts'

export function createKeyRows(database: Database, write: Write): KeyStore {
  return {
    list: async () => {
      const rows = await database.query<ApiKeyRow>(
        'select * from api_keys order by created_ms, id collate "C"',
      )
      return rows.map(keyOf)
    },
    add: (key) =>
      write(async () => {
        const added = await database.run(
          `insert into api_keys (id, name, created_ms, body) values ($1, $2, $3, $4)
           on conflict (name) where revoked_ms is null do nothing`,
          [key.id, plainText(key.name), key.createdMs, keyBodyOf(key)],
        )
        return added > 0
      }),
    change: (id, change) =>
      write(() =>
        database.transaction(async (statements) => {
          const [row] = await statements.query<ApiKeyRow>(
            'select * from api_keys where id = $1 for update',
            [id],
          )
          if (row === undefined) return undefined
          const key = changedKey(row, change)
          await statements.run('update api_keys set revoked_ms = $2, body = $3 where id = $1', [
            id,
            key.revokedMs ?? null,
            keyBodyOf(key),
          ])
          return key
        }),
      ),
    // Replicas each tell what they saw: the uses of a day add up.
    noteUses: (uses) =>
      write(() =>
        database.transaction(async (statements) => {
          const inOrder = uses.toSorted((a, b) => (a.id < b.id ? -1 : 1))
          for (const { id, lastUsedMs, dayMs, bytes } of inOrder) {
            await statements.run(
              `update api_keys set last_used_ms = greatest(coalesce(last_used_ms, 0), $2),
                 used_bytes = case when used_day_ms = $3 then coalesce(used_bytes, 0) else 0 end + $4,
                 used_day_ms = $3
               where id = $1`,
              [id, lastUsedMs, dayMs, bytes],
            )
          }
        }),
      ),
  }
}
