/** What happened to sessions, in order: their records, and the controls and policies between them. */
import type { StoredControl } from '../../../domain/session-control.ts'
import type { StoredInput, StoredInputs } from '../../../domain/stored-inputs.ts'
import { readControl } from '../../control-text.ts'
import { parseJsonText } from '../../emission-text.ts'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'
import type { SessionControlsTable } from '../schema.ts'
import type { RecordReader } from '../../store-reader.ts'

interface Range {
  readonly sessionKey: string
  readonly afterId: number
  readonly throughId: number
}

/** Something at a position, to be put in order. */
interface Placed {
  readonly position: number
  readonly input: StoredInput
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

  /** Each policy before the first of the inputs that it was in force for. */
  function withPolicies(placed: readonly Placed[], afterPosition: number): StoredInput[] {
    const all = policies.all({})
    const inForceAt = (position: number) => all.findLast(({ after_id }) => after_id < position)
    let inForce = afterPosition === 0 ? undefined : inForceAt(afterPosition)
    return placed.flatMap(({ position, input }) => {
      const policy = inForceAt(position)
      if (policy === undefined || policy === inForce) return [input]
      inForce = policy
      const recorded = parseJsonText(policy.policy)
      return [{ kind: 'policy', recorded: recorded.ok ? recorded.value : undefined }, input]
    })
  }

  return {
    slice: async (sessionKey, afterId, maxBatches) => {
      const batches = await records.batches(sessionKey, afterId, maxBatches)
      const last = batches.at(-1)
      const throughId = last?.id ?? Number.MAX_SAFE_INTEGER
      const between = controls.all({ sessionKey, afterId, throughId }).flatMap(controlOf)
      const placed: Placed[] = [
        ...batches.map((batch): Placed => {
          return { position: batch.id, input: { kind: 'records', batch } }
        }),
        ...between.map(({ position, control }): Placed => {
          return { position, input: { kind: 'control', control } }
        }),
      ].sort((a, b) => a.position - b.position)
      return {
        inputs: withPolicies(placed, afterId),
        position: last?.id ?? placed.at(-1)?.position ?? afterId,
        isLast: last === undefined,
      }
    },
  }
}

type ControlRow = Pick<SessionControlsTable, 'id' | 'kind' | 'at_ms' | 'detail'>

/** None when its text cannot be read (a damaged file). */
function controlOf({ id, kind, at_ms, detail }: ControlRow): StoredControl[] {
  const control = readControl(kind, at_ms, detail)
  return control === undefined ? [] : [{ position: id, control }]
}
