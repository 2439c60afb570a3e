/**
 * What sessions can be found by: resource attributes and labels, each name once in a session. They
 * hardly ever change, so what was written last is remembered.
 */
import { createBoundedMap } from '../bounded-map.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'

const MAX_REMEMBERED = 10_000
/** Keys in one session: what a usual one is found by are a dozen. */
const MAX_KEYS = 256

type Labels = Readonly<Record<string, string>>

export interface AttributeRows {
  /** All that there are now of a session; those of before that are not among them stay. */
  keep(sessionRef: number, labels: Labels): void
  /** After a rollback: what was written since the last commit is gone. */
  forget(): void
}

export function createAttributeRows(connection: Connection): AttributeRows {
  const { kysely } = connection
  const written = createBoundedMap<number, Labels>(MAX_REMEMBERED)

  const upsert = prepare(connection, (row: NewRow<'session_attributes'>) =>
    kysely
      .insertInto('session_attributes')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['session_ref', 'key'])
          .doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
      ),
  )
  const update = prepare(connection, ({ session_ref, key, value }: NewRow<'session_attributes'>) =>
    kysely
      .updateTable('session_attributes')
      .set({ value })
      .where('session_ref', '=', session_ref)
      .where('key', '=', key),
  )
  const countKeys = prepare(connection, ({ sessionRef }: { sessionRef: number }) =>
    kysely
      .selectFrom('session_attributes')
      .select((eb) => eb.fn.countAll<number>().as('keys'))
      .where('session_ref', '=', sessionRef),
  )

  /** A key that is new has room as long as there are few. */
  function writerFor(sessionRef: number, isNew: boolean): typeof upsert | typeof update {
    if (!isNew) return upsert
    return (countKeys.get({ sessionRef })?.keys ?? 0) < MAX_KEYS ? upsert : update
  }

  return {
    keep: (sessionRef, labels) => {
      const before = written.get(sessionRef)
      if (before === labels) return
      for (const [key, value] of Object.entries(labels)) {
        if (before?.[key] === value) continue
        const isNew = before?.[key] === undefined
        writerFor(sessionRef, isNew).run({ session_ref: sessionRef, key, value })
      }
      written.set(sessionRef, labels)
    },
    forget: () => written.clear(),
  }
}
