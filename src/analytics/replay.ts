/**
 * A stored session through the mapping of today: for the page's waterfalls, to deliver it again,
 * and to make its state anew. Reads in slices and lets others run between them.
 */
import { setImmediate } from 'node:timers/promises'
import type { Emission } from '../domain/emission.ts'
import type { Arrival } from '../domain/store.ts'
import type { StoredInput, StoredInputs } from '../domain/stored-inputs.ts'
import { processStored } from '../processors/stored-processor.ts'
import type { SessionPolicy } from '../session/policy.ts'
import { createReplay, type Replay } from '../session/replay.ts'
import type { SessionState } from '../session/state.ts'

/** A batch has a few dozen records as a rule: a slice takes some milliseconds. */
const BATCHES_PER_SLICE = 20

/** What a slice of what happened made the machine say. */
export type ReplayVisitor = (
  emissions: readonly Emission[],
  recordsSoFar: number,
  arrivals: readonly Arrival[],
) => void | Promise<void>

/**
 * Says what was said of the session so far: of one that is open, what it is at is still to come.
 * Resolves to its state; undefined when there are no records of it.
 */
export async function replaySession(
  { inputs }: { readonly inputs: StoredInputs },
  sessionKey: string,
  policy: SessionPolicy,
  visit: ReplayVisitor,
): Promise<SessionState | undefined> {
  const replay = createReplay(sessionKey, policy)
  let records = 0
  for await (const slice of replaySlices(inputs, replay, sessionKey)) {
    records += slice.records
    await visit(slice.emissions, records, slice.arrivals)
  }
  return replay.state()
}

export interface ReplaySlice {
  readonly emissions: readonly Emission[]
  readonly arrivals: readonly Arrival[]
  /** How many records there were, also those that mean nothing any more. */
  readonly records: number
}

/** Gives a replay all that happened to a session, and pauses between two slices of it. */
export async function* replaySlices(
  inputs: StoredInputs,
  replay: Replay,
  sessionKey: string,
): AsyncGenerator<ReplaySlice, void> {
  let position = 0
  for (;;) {
    const slice = inputs.slice(sessionKey, position, BATCHES_PER_SLICE)
    yield sliceOf(slice.inputs, replay)
    if (slice.isLast) return
    position = slice.position
    await setImmediate()
  }
}

function sliceOf(inputs: readonly StoredInput[], replay: Replay): ReplaySlice {
  const emissions: Emission[] = []
  const arrivals: Arrival[] = []
  let records = 0
  for (const input of inputs) {
    if (input.kind === 'policy') replay.underPolicy(input.recorded)
    if (input.kind === 'control') emissions.push(...replay.control(input.control))
    if (input.kind === 'records') {
      const { accepted } = processStored(input.batch)
      emissions.push(...replay.add(accepted))
      arrivals.push(...accepted)
      records += input.batch.records.length
    }
  }
  return { emissions, arrivals, records }
}
