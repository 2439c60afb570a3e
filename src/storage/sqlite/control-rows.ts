/**
 * What decides about sessions besides their records, written inside a commit: controls, and the
 * policy that the commit was folded under.
 */
import { sql } from 'kysely'
import type { SessionControl } from '../../domain/session-control.ts'
import type { Connection } from './connection.ts'
import { detailOf } from '../control-text.ts'
import type { IdBlocks } from './id-blocks.ts'
import { type NewRow, prepare } from './prepared.ts'

export interface ControlRows {
  /** Puts a control behind all records and controls so far. */
  insert(sessionRef: number, control: SessionControl): void
  /**
   * Has to come before the first record of a commit: this process was given no ids before that, so
   * what comes is behind all that were ever reserved.
   */
  notePolicy(): void
  /** After a rollback: the policy may not be noted. */
  forget(): void
}

interface ControlRowsDeps {
  readonly connection: Connection
  readonly ids: IdBlocks
  /** As JSON. */
  readonly policy: string
}

type ControlColumns = NewRow<'session_controls'> & { readonly id: number }

export function createControlRows({ connection, ids, policy }: ControlRowsDeps): ControlRows {
  const { kysely } = connection
  const insert = prepare(connection, (row: ControlColumns) =>
    kysely.insertInto('session_controls').values(row),
  )
  const newestPolicy = prepare(connection, () =>
    kysely.selectFrom('policies').select('policy').orderBy('after_id', 'desc').limit(sql.lit(1)),
  )
  const lastId = prepare(connection, () =>
    kysely
      .selectFrom('ids')
      .select('reserved')
      .where('name', '=', sql.lit<'record_batches'>('record_batches')),
  )
  // One that is replaced was in force for nothing.
  const putPolicy = prepare(connection, (row: NewRow<'policies'>) =>
    kysely
      .insertInto('policies')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('after_id').doUpdateSet((eb) => ({ policy: eb.ref('excluded.policy') })),
      ),
  )
  let isNoted = false

  return {
    insert: (sessionRef, control) => {
      insert.run({
        session_ref: sessionRef,
        id: ids.next('record_batches'),
        kind: control.kind,
        at_ms: control.kind === 'budget' ? control.alert.atMs : control.atMs,
        detail: detailOf(control),
      })
    },
    notePolicy: () => {
      if (isNoted) return
      if (newestPolicy.get({})?.policy !== policy) {
        putPolicy.run({ after_id: lastId.get({})?.reserved ?? 0, policy })
      }
      isNoted = true
    },
    forget: () => {
      isNoted = false
    },
  }
}
