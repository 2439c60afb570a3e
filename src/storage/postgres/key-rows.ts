/** Named keys over PostgreSQL: few rows, read whole. */
import type { DayUse, KeyBalance, KeyStore } from '../../domain/key-store.ts'
import { type ApiKeyRow, changedKey, keyBodyOf, keyOf } from '../stored-access.ts'
import type { Database } from './connection.ts'
import { plainText } from './stored-values.ts'
import type { Write } from './writer.ts'

/** Of the day `$3` bytes `$4`; what comes late of a day that is over does not begin it anew. */
const ADD_BYTES = `used_bytes = case when used_day_ms = $3 then coalesce(used_bytes, 0) + $4
    when used_day_ms > $3 then used_bytes else $4 end,
  used_day_ms = greatest(coalesce(used_day_ms, $3), $3)`

/**
 * What is left of a quota of `rate` records a minute. By the database's clock: those of replicas differ.
 * A key that was never used has all of it.
 */
function leftOf(rate: string): string {
  return `least(${rate}, coalesce(quota_records + ${rate} / 60 *
    greatest(0, extract(epoch from clock_timestamp() - quota_at)), ${rate}))`
}

const CHARGE = `
  update api_keys set
    quota_records = ${leftOf('$5::double precision')} - $2,
    quota_at = greatest(quota_at, clock_timestamp()),
    ${ADD_BYTES}
  where id = $1
  returning id, quota_records as records, used_day_ms as "dayMs", used_bytes as bytes`

const ASK = `
  select id, ${leftOf('rate')} as records,
    coalesce(used_day_ms, 0) as "dayMs", coalesce(used_bytes, 0) as bytes
  from api_keys join unnest($1::text[], $2::double precision[]) as asked (id, rate) using (id)`

interface BalanceRow extends DayUse {
  readonly id: string
  readonly records: number
}

function balanceOf({ id, records, ...dayUse }: BalanceRow): KeyBalance {
  return { id, records, dayUse }
}

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
          for (const { id, lastUsedMs, dayMs, bytes } of inOrder(uses)) {
            await statements.run(
              `update api_keys set last_used_ms = greatest(coalesce(last_used_ms, 0), $2),
                 ${ADD_BYTES}
               where id = $1`,
              [id, lastUsedMs, dayMs, bytes],
            )
          }
        }),
      ),
    share: async (charges) => {
      const made = charges.filter(({ records, bytes }) => records > 0 || bytes > 0)
      const asked = charges.filter((charge) => !made.includes(charge))
      const rows: BalanceRow[] = []
      if (made.length > 0) {
        const charged = await write(() =>
          database.transaction(async (statements) => {
            const left: BalanceRow[] = []
            for (const { id, records, dayMs, bytes, recordsPerMinute } of inOrder(made)) {
              const values = [id, records, dayMs, bytes, recordsPerMinute]
              left.push(...(await statements.query<BalanceRow>(CHARGE, values)))
            }
            return left
          }),
        )
        rows.push(...charged)
      }
      if (asked.length > 0) {
        const values = [asked.map(({ id }) => id), asked.map((charge) => charge.recordsPerMinute)]
        rows.push(...(await database.query<BalanceRow>(ASK, values)))
      }
      return rows.map(balanceOf)
    },
  }
}

/** In one order, so that two who change the same rows wait for each other instead of both. */
function inOrder<T extends { readonly id: string }>(of: readonly T[]): readonly T[] {
  return of.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}
