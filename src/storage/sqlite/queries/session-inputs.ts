/** What happened to sessions, in order: their records, and the controls and policies between them. */
import type { StoredInputs } from '../../../domain/stored-inputs.ts'
import { inputSlice } from '../../input-slice.ts'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'
import type { RecordReader } from '../../store-reader.ts'

interface Range {
  readonly sessionKey: string
  readonly afterId: number
  readonly throughId: number
}

export function createSessionInputs(
  connection: ReadConnection,
  records: Pick<RecordReader, 'batches'>,
): StoredInputs {
  const { kysely } = connection
  const controls = prepare(connection, ({ sessionKey, afterId, throughId }: Range) =>
    kysely
      .selectFrom('session_controls')
      .innerJoin('sessions', 'sessions.id', 'session_controls.session_ref')
      .select(['session_controls.id', 'kind', 'at_ms', 'detail'])
      .where('session_key', '=', sessionKey)
      .where('session_controls.id', '>', afterId)
      .where('session_controls.id', '<=', throughId)
      .orderBy('session_controls.id'),
  )
  const policies = prepare(connection, () =>
    kysely.selectFrom('policies').select(['after_id', 'policy']).orderBy('after_id'),
  )

  return {
    slice: async (sessionKey, afterId, maxBatches) => {
      const batches = await records.batches(sessionKey, afterId, maxBatches)
      const throughId = batches.at(-1)?.id ?? Number.MAX_SAFE_INTEGER
      const inForce = policies.all({})
      return inputSlice({
        afterId,
        batches,
        controls: controls.all({ sessionKey, afterId, throughId }),
        policyAt: (position) => inForce.findLast(({ after_id }) => after_id < position),
      })
    },
  }
}
