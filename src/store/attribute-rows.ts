/**
 * What sessions can be found by: resource attributes and labels, each name once in a session. They
 * hardly ever change, so what was written last is remembered.
 */
import { createBoundedMap } from './bounded-map.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'

const MAX_REMEMBERED = 10_000

type Labels = Readonly<Record<string, string>>

export interface AttributeRows {
  /** All that there are now of a session; those of before that are not among them stay. */
  keep(sessionRef: number, labels: Labels): void
  /** After a rollback: what was written since the last commit is gone. */
  forget(): void
}

export function createAttributeRows(connection: Connection): AttributeRows {
  const written = createBoundedMap<number, Labels>(MAX_REMEMBERED)

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

  return {
    keep: (sessionRef, labels) => {
      const before = written.get(sessionRef)
      if (before === labels) return
      for (const [key, value] of Object.entries(labels)) {
        if (before?.[key] !== value) upsert.run({ session_ref: sessionRef, key, value })
      }
      written.set(sessionRef, labels)
    },
    forget: () => written.clear(),
  }
}
