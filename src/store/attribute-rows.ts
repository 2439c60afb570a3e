/**
 * What sessions can be found by: resource attributes and labels, each key once in a session with
 * its newest value. They hardly ever change, so what was written last is remembered.
 */
import type { Attributes } from '../domain/attributes.ts'
import { createBoundedMap } from './bounded-map.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'

const MAX_REMEMBERED = 10_000
/** Longer values identify nothing. */
const MAX_LENGTH = 1000

export interface AttributeRows {
  keepResource(sessionRef: number, originRef: number, resource: Attributes): void
  keepLabels(sessionRef: number, labels: Readonly<Record<string, string>>): void
  /** After a rollback: what was written since the last commit is gone. */
  forget(): void
}

export function createAttributeRows(connection: Connection): AttributeRows {
  const originsOf = createBoundedMap<number, readonly number[]>(MAX_REMEMBERED)
  const labelsOf = createBoundedMap<number, Readonly<Record<string, string>>>(MAX_REMEMBERED)

  const upsert = prepare(connection, (row: NewRow<'session_attributes'>) =>
    connection.kysely
      .insertInto('session_attributes')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['session_ref', 'key'])
          .doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
      ),
  )

  function keep(sessionRef: number, attributes: Attributes): void {
    for (const [key, value] of Object.entries(attributes)) {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      if (key.length > MAX_LENGTH || text.length > MAX_LENGTH) continue
      upsert.run({ session_ref: sessionRef, key, value: text })
    }
  }

  return {
    keepResource: (sessionRef, originRef, resource) => {
      const known = originsOf.get(sessionRef) ?? []
      if (known.includes(originRef)) return
      originsOf.set(sessionRef, [...known, originRef])
      keep(sessionRef, resource)
    },
    keepLabels: (sessionRef, labels) => {
      if (labelsOf.get(sessionRef) === labels) return
      labelsOf.set(sessionRef, labels)
      keep(sessionRef, labels)
    },
    forget: () => {
      originsOf.clear()
      labelsOf.clear()
    },
  }
}
