/**
 * A stored session through the mapping of today: for the page's waterfalls, and to deliver it
 * again. Reads in slices and lets others run between them.
 */
import { setImmediate } from 'node:timers/promises'
import type { Emission } from '../domain/emission.ts'
import type { Arrival } from '../domain/store.ts'
import { processStored } from '../processors/stored-processor.ts'
import type { SessionPolicy } from '../session/policy.ts'
import { createReplay } from '../session/replay.ts'
import type { SessionState } from '../session/state.ts'
import type { StoreReader } from '../store/store-reader.ts'

/** A batch has a few dozen records as a rule: a slice takes some milliseconds. */
const BATCHES_PER_SLICE = 20

/** What a slice of records made the machine say; the last one has no records, but the close. */
export type ReplayVisitor = (
  emissions: readonly Emission[],
  recordsSoFar: number,
  arrivals: readonly Arrival[],
) => void | Promise<void>

/** Resolves to the closed session's state; undefined when there are no records of it. */
export async function replaySession(
  reader: Pick<StoreReader, 'records'>,
  sessionKey: string,
  policy: SessionPolicy,
  visit: ReplayVisitor,
): Promise<SessionState | undefined> {
  const replay = createReplay(sessionKey, policy)
  let records = 0
  let afterId = 0
  for (;;) {
    const batches = reader.records.batches(sessionKey, afterId, BATCHES_PER_SLICE)
    for (const batch of batches) {
      const { accepted } = processStored(batch)
      afterId = batch.id
      records += batch.records.length
      await visit(replay.add(accepted), records, accepted)
    }
    if (batches.length < BATCHES_PER_SLICE) break
    await setImmediate()
  }
  await visit(replay.finish(), records, [])
  return replay.state()
}
