/**
 * What becomes of records that no stage could place: they are kept for a while, and pass the chain
 * again when somebody asks for it.
 */
import { ownerTag } from '../domain/access.ts'
import type {
  Quarantined,
  QuarantineSelection,
  QuarantineStore,
  StoredQuarantined,
  UnplacedRecord,
} from '../domain/quarantine.ts'
import type {
  IngestRequest,
  RecordInProcess,
  RecordProcessor,
  RecordStage,
  SignalRecords,
} from './record-processor.ts'
import { processRecords } from './stored-processor.ts'

/** A stage whose refusals are kept. They are durable before the client hears of them. */
export function quarantined(
  name: string,
  stage: RecordStage,
  store: Pick<QuarantineStore, 'keep'> | undefined,
): RecordProcessor {
  return {
    name,
    process: async (batch, next) => {
      const { arrivedMs, owner } = batch.request
      const kept: RecordInProcess[] = []
      const refused: Quarantined[] = []
      const rejected = batch.records.flatMap((record) => {
        const rejection = stage(record, arrivedMs)
        if (rejection === undefined) {
          kept.push(record)
          return []
        }
        const unplaced = unplacedOf(record)
        // What is about the insides of an agent would push out what matters.
        const isWork = rejection.reason !== 'not_work'
        if (unplaced !== undefined && isWork)
          refused.push({ unplaced, receivedMs: arrivedMs, rejection, owner })
        return [rejection]
      })
      if (rejected.length === 0) return next(batch)
      if (refused.length > 0) await store?.keep(refused)
      return kept.length === 0
        ? rejected
        : [...rejected, ...(await next({ ...batch, records: kept }))]
    },
  }
}

/** A hook is answered with the reason, as a whole. */
function unplacedOf(record: RecordInProcess): UnplacedRecord | undefined {
  switch (record.signal) {
    case 'log':
      return { signal: 'log', record: record.record }
    case 'metric':
      return { signal: 'metric', record: record.record }
    case 'trace':
      return { signal: 'trace', record: record.record }
    case 'hook':
    case 'transcript':
      return undefined
  }
}

export interface Retried {
  /** Records that were taken up, and are in the quarantine no more. */
  readonly taken: number
  /** Those that still cannot be assigned. */
  readonly left: number
}

/** Where the chain begins; resolves once the records are durable. */
interface ChainEntry {
  accept(records: SignalRecords, request: IngestRequest): Promise<unknown>
}

/** Sends records of the quarantine through the chain again, as of the time at which they came. */
export async function retryQuarantine(
  selection: QuarantineSelection,
  store: Pick<QuarantineStore, 'next' | 'remove'>,
  intake: ChainEntry,
): Promise<Retried> {
  let taken = 0
  let left = 0
  for (let afterId = -1; ; ) {
    const slice = await store.next(selection, afterId)
    const last = slice.at(-1)
    if (last === undefined) return { taken, left }
    const placeable = slice.filter(isPlaceable)
    for (const [request, group] of groupsOf(placeable)) {
      for (const records of group) await intake.accept(records, request)
    }
    await store.remove(placeable.map(({ id }) => id))
    taken += placeable.length
    left += slice.length - placeable.length
    afterId = last.id
  }
}

function isPlaceable({ unplaced, receivedMs }: StoredQuarantined): boolean {
  return processRecords(recordsOf([unplaced]), receivedMs).rejected.length === 0
}

/** Their memory is bounded by the slice. */
const permit = { grow: () => true, shrink: () => undefined }

/** By the request that they came with, as far as that is known, and by signal. */
function groupsOf(
  slice: readonly StoredQuarantined[],
): readonly (readonly [IngestRequest, readonly SignalRecords[]])[] {
  const groups = Map.groupBy(slice, ({ receivedMs, owner }) =>
    JSON.stringify([receivedMs, owner === undefined ? '' : ownerTag(owner)]),
  )
  return [...groups.values()].map((group) => {
    const [{ receivedMs: arrivedMs, owner } = { receivedMs: 0, owner: undefined }] = group
    const bySignal = Map.groupBy(group, ({ unplaced }) => unplaced.signal)
    const records = [...bySignal.values()].map((same) =>
      recordsOf(same.map(({ unplaced }) => unplaced)),
    )
    return [{ arrivedMs, permit, owner }, records] as const
  })
}

/** Records of one signal. */
function recordsOf(unplaced: readonly UnplacedRecord[]): SignalRecords {
  const signal = unplaced[0]?.signal ?? 'log'
  return { signal, records: unplaced.map(({ record }) => record) } as SignalRecords
}
