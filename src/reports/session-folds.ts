/**
 * Sessions told again, kept for a while: the next question about one goes on where the last one
 * ended, so a page that is loaded again, or looks every few seconds, costs what came meanwhile. A
 * few are kept, those asked for last.
 */
import type { Emission } from '../domain/emission.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { LogRecord, Signal, StoredBatch } from '../domain/telemetry-record.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import { type Closing, createReplay, type Replay } from '../sessions/replay.ts'
import { processStored } from '../processors/stored-processor.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { Pause } from './pause.ts'
import { replaySlices } from './replay.ts'
import { createTranscriptContents, type TranscriptContents } from './transcript-contents.ts'

/** What is gathered of a session while it is told. */
export interface Gathering {
  add(emissions: readonly Emission[], arrivals: readonly Arrival[]): void
}

/** Everything up to the newest record, and what closing the session now would say beside it. */
export interface Told<G extends Gathering> {
  readonly gathered: G
  readonly closing: Closing
}

export interface SessionFolds {
  /**
   * Tells a session up to its newest record. `name` says what is gathered: where the same was
   * gathered of it before, `create` is not called. Rejects when `pause` does; what was told up to
   * there is kept. Undefined when the session has no records.
   */
  tell<G extends Gathering>(
    sessionKey: string,
    name: string,
    create: () => G,
    pause: Pause,
  ): Promise<Told<G> | undefined>
}

interface Fold {
  readonly replay: Replay
  readonly gathered: Gathering
  /** Position of the session's first batch: another one means that its records are others. */
  readonly first: number
  /** Position of the newest entry of a transcript when it was begun: those behind it may complete it. */
  readonly transcript: number
  readonly contents: TranscriptContents
  /** Up to where it was told. */
  position: number
  /** Whoever tells it on. */
  busy: Promise<unknown>
}

/** A session page with a few turns open. Each takes a few megabytes at most. */
const MAX_FOLDS = 8
/** Read at once. */
const BATCHES = 50

export interface SessionFoldsDeps {
  readonly reader: Pick<StoreReader, 'records' | 'inputs'>
  readonly policy: SessionPolicy
}

export function createSessionFolds({ reader, policy }: SessionFoldsDeps): SessionFolds {
  /** The one asked for last is the last. */
  const folds = new Map<string, Fold>()

  async function foldOf(
    sessionKey: string,
    name: string,
    create: () => Gathering,
  ): Promise<Fold | undefined> {
    const id = JSON.stringify([sessionKey, name])
    const first = await reader.records.firstOf(sessionKey)
    const newest = await reader.records.signalsOf(sessionKey)
    const transcript = newest.get('transcript') ?? 0
    const known = folds.get(id)
    folds.delete(id)
    if (first === undefined) return undefined
    const fold =
      known?.first === first && known.transcript === transcript && !known.contents.isOutdated()
        ? known
        : {
            replay: createReplay(sessionKey, { ...policy, showsTranscripts: true }),
            gathered: create(),
            first,
            transcript,
            contents: await contentsOf(sessionKey, newest),
            position: 0,
            busy: Promise.resolve(),
          }
    folds.set(id, fold)
    const oldest = folds.keys().next()
    if (folds.size > MAX_FOLDS && !oldest.done) folds.delete(oldest.value)
    return fold
  }

  /** What all entries of transcripts say, since they may stand behind what they complete. */
  async function contentsOf(
    sessionKey: string,
    newest: ReadonlyMap<Signal, number>,
  ): Promise<TranscriptContents> {
    const contents = createTranscriptContents()
    const transcript = newest.get('transcript') ?? 0
    if (transcript === 0) return contents
    for await (const batch of batchesThrough(sessionKey, newest.get('log') ?? 0, 'log')) {
      const records = (batch.records as readonly LogRecord[]).filter(
        ({ transcriptKey }) => transcriptKey !== undefined,
      )
      if (records.length > 0) contents.addTelemetry(processStored({ ...batch, records }).accepted)
    }
    for await (const batch of batchesThrough(sessionKey, transcript, 'transcript')) {
      contents.add(processStored(batch).accepted)
    }
    return contents
  }

  /** The batches of one signal up to a position. */
  async function* batchesThrough(
    sessionKey: string,
    throughId: number,
    signal: Signal,
  ): AsyncGenerator<StoredBatch, void> {
    let position = 0
    while (position < throughId) {
      const batches = await reader.records.batches(sessionKey, position, BATCHES)
      const last = batches.at(-1)
      if (last === undefined) return
      for (const batch of batches) if (batch.signal === signal) yield batch
      position = last.id
    }
  }

  async function advance(fold: Fold, sessionKey: string, pause: Pause): Promise<void> {
    const { contents, position: from } = fold
    const slices = replaySlices(reader.inputs, fold.replay, sessionKey, from, pause, contents)
    for await (const { emissions, arrivals, position } of slices) {
      fold.gathered.add(emissions, arrivals)
      fold.position = position
    }
  }

  async function foldUpToDate(
    sessionKey: string,
    name: string,
    create: () => Gathering,
    pause: Pause,
  ): Promise<Fold | undefined> {
    const fold = await foldOf(sessionKey, name, create)
    if (fold === undefined) return undefined
    const advanced = fold.busy.then(() => advance(fold, sessionKey, pause))
    fold.busy = advanced.catch(() => {})
    await advanced
    return fold
  }

  return {
    tell: async <G extends Gathering>(
      sessionKey: string,
      name: string,
      create: () => G,
      pause: Pause,
    ): Promise<Told<G> | undefined> => {
      let fold = await foldUpToDate(sessionKey, name, create, pause)
      // Telemetry has come of what was told before by a transcript: it is told anew, with that.
      if (fold?.contents.isOutdated() === true) {
        fold = await foldUpToDate(sessionKey, name, create, pause)
      }
      if (fold === undefined) return undefined
      // What `name` stands for was made by the same kind of `create`.
      return { gathered: fold.gathered as G, closing: fold.replay.closing() }
    },
  }
}
