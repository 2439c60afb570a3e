/**
 * Origins by their content, each stored once. Most batches come from an origin that is known
 * already, so ids are remembered: by object within a batch, by content between batches.
 */
import type { Origin } from '../../domain/telemetry-record.ts'
import { contentOf, hashOf, type OriginContent } from '../origin-content.ts'
import { createBoundedMap } from '../bounded-map.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'

const MAX_REMEMBERED = 1_000
/** Longer ones are not remembered: a thousand of them would be memory. */
const MAX_REMEMBERED_CHARS = 4_000

export interface OriginRows {
  /** The id of the origin's row, which is made when there is none. */
  refOf(origin: Origin): number
  /** After a rollback: ids given since the last commit may be void. */
  forget(): void
}

export function createOriginRows(connection: Connection): OriginRows {
  const { kysely } = connection
  const byContent = createBoundedMap<string, number>(MAX_REMEMBERED)
  let byObject = new WeakMap<Origin, number>()

  const find = prepare(connection, ({ hash }: { hash: string }) =>
    kysely.selectFrom('origins').select('id').where('hash', '=', hash),
  )
  const insert = prepare(connection, (row: NewRow<'origins'>) =>
    kysely.insertInto('origins').values(row),
  )

  function stored(row: NewRow<'origins'>): number {
    const { hash } = row
    return find.get({ hash })?.id ?? Number(insert.run(row).lastInsertRowid)
  }

  function remembered(origin: Origin): number {
    const content = contentOf(origin)
    const key = content.scope + content.resource
    const ref = byContent.get(key) ?? stored(rowOf(origin, content))
    if (key.length <= MAX_REMEMBERED_CHARS) byContent.set(key, ref)
    return ref
  }

  return {
    refOf: (origin) => {
      const known = byObject.get(origin)
      if (known !== undefined) return known
      const ref = remembered(origin)
      byObject.set(origin, ref)
      return ref
    },
    forget: () => {
      byContent.clear()
      byObject = new WeakMap()
    },
  }
}

function rowOf({ scopeName, scopeVersion }: Origin, content: OriginContent): NewRow<'origins'> {
  const { resource } = content
  return { hash: hashOf(content), scope_name: scopeName, scope_version: scopeVersion, resource }
}
