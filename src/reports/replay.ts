/**
 * A stored session through the mapping of today: for the page's waterfalls, to deliver it again,
 * and to make its state anew. Reads in slices and lets others run between them.
 */
import type { Emission } from '../domain/emission.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { StoredInput, StoredInputs } from '../domain/stored-inputs.ts'
import { processStored } from '../processors/stored-processor.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import { createReplay, type Replay } from '../sessions/replay.ts'
import type { SessionState } from '../sessions/state.ts'
import { letOthersRun, type Pause } from './pause.ts'
import type { TranscriptContents } from './transcript-contents.ts'

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
 * Resolves to its state; undefined when there are no records of it. With `isClosed` it ends behind its
 * last record, whatever is stored of that.
 */
export async function replaySession(
  { inputs }: { readonly inputs: StoredInputs },
  sessionKey: string,
  policy: SessionPolicy,
  visit: ReplayVisitor,
  { isClosed = false }: { readonly isClosed?: boolean } = {},
): Promise<SessionState | undefined> {
  const replay = createReplay(sessionKey, policy)
  let records = 0
  for await (const slice of replaySlices(inputs, replay, sessionKey, 0, letOthersRun)) {
    records += slice.records
    await visit(slice.emissions, records, slice.arrivals)
  }
  if (isClosed) await visit(replay.closing().emissions, records, [])
  return replay.state()
}

/** What some of what happened made the machine say. */
export interface ReplaySlice {
  readonly emissions: readonly Emission[]
  readonly arrivals: readonly Arrival[]
  /** How many records there were, also those that mean nothing any more. */
  readonly records: number
  /** Where the next slice begins. */
  readonly position: number
}

/**
 * Gives a replay what happened to a session behind a position. Between two slices it pauses; whoever
 * takes none after one has given it what that one has. `contents` completes what records leave out.
 */
export async function* replaySlices(
  inputs: StoredInputs,
  replay: Replay,
  sessionKey: string,
  afterPosition: number,
  pause: Pause,
  contents?: Pick<TranscriptContents, 'complete'>,
): AsyncGenerator<ReplaySlice, void> {
  let position = afterPosition
  for (;;) {
    const slice = await inputs.slice(sessionKey, position, BATCHES_PER_SLICE)
    position = slice.position
    yield { ...told(slice.inputs, replay, contents), position }
    if (slice.isLast) return
    await pause()
  }
}

/** Gives a replay some of what happened to a session, the next in order. */
export function told(
  inputs: readonly StoredInput[],
  replay: Replay,
  contents?: Pick<TranscriptContents, 'complete'>,
): Omit<ReplaySlice, 'position'> {
  const emissions: Emission[] = []
  const arrivals: Arrival[] = []
  let records = 0
  let waiting: Arrival[] = []
  // A batch may be split anywhere, so batches may be joined as well, and each step of the machine
  // costs a copy of its state.
  const tellWaiting = (): void => {
    for (const emission of replay.add(waiting)) emissions.push(emission)
    waiting = []
  }
  for (const input of inputs) {
    if (input.kind === 'records') {
      const stored = processStored(input.batch).accepted
      const accepted =
        contents === undefined ? stored : stored.map((each) => contents.complete(each))
      waiting = waiting.concat(accepted)
      for (const arrival of accepted) arrivals.push(arrival)
      records += input.batch.records.length
      continue
    }
    tellWaiting()
    if (input.kind === 'policy') replay.underPolicy(input.recorded)
    else emissions.push(...replay.control(input.control))
  }
  tellWaiting()
  return { emissions, arrivals, records }
}
