/**
 * Origins by their content, each stored once. Most batches come from an origin that is known
 * already, so ids are remembered: by object within a batch, by hash between batches.
 */
import { createHash } from 'node:crypto'
import type { Origin } from '../domain/telemetry-record.ts'
import { createBoundedMap } from './bounded-map.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'

const MAX_REMEMBERED = 1_000

export interface OriginRows {
  /** The id of the origin's row, which is made when there is none. */
  refOf(origin: Origin): number
  /** After a rollback: ids given since the last commit may be void. */
  forget(): void
}

export function createOriginRows(connection: Connection): OriginRows {
  const { kysely } = connection
  const byHash = createBoundedMap<string, number>(MAX_REMEMBERED)
  let byObject = new WeakMap<Origin, number>()

  const find = prepare(connection, ({ hash }: { hash: string }) =>
    kysely.selectFrom('origins').select('id').where('hash', '=', hash),
  )
  const insert = prepare(connection, (row: NewRow<'origins'>) =>
    kysely.insertInto('origins').values(row),
  )

  function remembered(row: NewRow<'origins'>): number {
    const { hash } = row
    const ref =
      byHash.get(hash) ?? find.get({ hash })?.id ?? Number(insert.run(row).lastInsertRowid)
    byHash.set(hash, ref)
    return ref
  }

  return {
    refOf: (origin) => {
      const known = byObject.get(origin)
      if (known !== undefined) return known
      const ref = remembered(rowOf(origin))
      byObject.set(origin, ref)
      return ref
    },
    forget: () => {
      byHash.clear()
      byObject = new WeakMap()
    },
  }
}

function rowOf({ resource, scopeName, scopeVersion }: Origin): NewRow<'origins'> {
  const json = JSON.stringify(resource)
  const hash = createHash('sha256')
    .update(JSON.stringify([scopeName, scopeVersion]))
    .update(json)
    .digest('base64url')
  return { hash, scope_name: scopeName, scope_version: scopeVersion, resource: json }
}
