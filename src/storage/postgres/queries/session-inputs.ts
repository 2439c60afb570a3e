/** What happened to sessions, in order: their records, and the controls and policies between them. */
import { type Kysely, sql } from 'kysely'
import type { StoredInputs } from '../../../domain/stored-inputs.ts'
import { firstPosition } from '../../batch-parts.ts'
import { createBoundedMap } from '../../bounded-map.ts'
import { inputSlice, type PolicyText } from '../../input-slice.ts'
import { among } from '../dialect.ts'
import type { Database } from '../connection.ts'
import type { Schema } from '../schema.ts'
import { keyText } from '../stored-values.ts'
import { foldedBatches } from './records.ts'

/** Some kilobytes each. */
const MAX_POLICIES = 100

export function createSessionInputs({ kysely }: Database): StoredInputs {
  const policiesOf = createPolicies()
  return {
    slice: (sessionKey, afterId, maxBatches) =>
      // Of one moment: a control that is read with the batches before it missing would hide them.
      kysely
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute(async (snapshot) => {
          const folded = await foldedBatches(snapshot, sessionKey, afterId, maxBatches)
          const batches = folded.map(({ batch }) => batch)
          const controls = await controlsOf(snapshot, sessionKey, {
            afterId,
            throughId: batches.at(-1)?.id ?? Number.MAX_SAFE_INTEGER,
          })
          const refs = new Map([
            ...folded.map(({ batch, policyRef }) => [batch.id, policyRef] as const),
            ...controls.map(({ id, policy_ref }) => [id, policy_ref] as const),
          ])
          const before =
            afterId === 0 ? undefined : await policyBefore(snapshot, sessionKey, afterId)
          if (before !== undefined) refs.set(afterId, before)
          const policies = await policiesOf(snapshot, refs.values())
          return inputSlice({
            afterId,
            batches,
            controls,
            policyAt: (position) => policies.get(refs.get(position) ?? 0),
          })
        }),
  }
}

async function controlsOf(
  kysely: Kysely<Schema>,
  sessionKey: string,
  { afterId, throughId }: { readonly afterId: number; readonly throughId: number },
) {
  return kysely
    .selectFrom('session_controls')
    .innerJoin('sessions', 'sessions.id', 'session_controls.session_ref')
    .select(['session_controls.id', 'policy_ref', 'kind', 'at_ms', 'detail'])
    .where('session_key', '=', keyText(sessionKey))
    .where('session_controls.id', '>', afterId)
    .where('session_controls.id', '<=', throughId)
    .orderBy('session_controls.id')
    .execute()
}

/** What the input at a position was folded under: a control, or a batch that the position lies in. */
async function policyBefore(
  kysely: Kysely<Schema>,
  sessionKey: string,
  position: number,
): Promise<number | undefined> {
  const ofSession = sql<boolean>`session_ref = (
    select id from sessions where session_key = ${keyText(sessionKey)})`
  const control = await kysely
    .selectFrom('session_controls')
    .select('policy_ref')
    .where(ofSession)
    .where('id', '=', position)
    .executeTakeFirst()
  if (control !== undefined) return control.policy_ref
  const batch = await kysely
    .selectFrom('record_batches')
    .select(['policy_ref', 'id', 'records'])
    .where(ofSession)
    .where('id', '>=', position)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return batch && firstPosition(batch) <= position ? batch.policy_ref : undefined
}

/** Texts of policies by their ids, one object for each. A policy never changes. */
function createPolicies() {
  const known = createBoundedMap<number, PolicyText>(MAX_POLICIES)
  return async (
    kysely: Kysely<Schema>,
    refs: Iterable<number>,
  ): Promise<ReadonlyMap<number, PolicyText>> => {
    const asked = new Map<number, PolicyText>()
    const missing = new Set<number>()
    for (const ref of refs) {
      const policy = known.get(ref)
      if (policy === undefined) missing.add(ref)
      else asked.set(ref, policy)
    }
    if (missing.size === 0) return asked
    const rows = await kysely
      .selectFrom('policies')
      .select(['id', 'policy'])
      .where(among('id', [...missing]))
      .execute()
    for (const { id, policy } of rows) {
      const text = known.get(id) ?? { policy }
      known.set(id, text)
      asked.set(id, text)
    }
    return asked
  }
}
