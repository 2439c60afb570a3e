/**
 * Records that were stored, read as if they had just come: through the same stages, with the mapping
 * of today, at the time at which they came. What they refer to is stored with them, and secrets were
 * masked before that, so those stages are left out. Pure.
 */
import { ownerOfSession } from '../domain/identity.ts'
import { asRepeat } from '../domain/record-identity.ts'
import { toldByTranscript } from '../domain/transcript-join.ts'
import type { Intake } from '../domain/rejection.ts'
import type { Arrival } from '../domain/session-store.ts'
import type {
  HookRecord,
  LogRecord,
  MetricPoint,
  SpanRecord,
  StoredBatch,
  StoredRecord,
  TranscriptRecord,
} from '../domain/telemetry-record.ts'
import { agentOfHooks } from './hook-processor.ts'
import { identifyRecord } from './identify.ts'
import { ownedArrivals } from './owned.ts'
import { recogniseRecord } from './recognise.ts'
import { applied, inProcess, type RecordInProcess, type SignalRecords } from './record-processor.ts'
import { inOrder, translateRecord } from './translate.ts'

/** What records mean that came, or were stored, at `arrivedMs`: in the order in which they happened. */
export function processRecords(records: SignalRecords, arrivedMs: number): Intake<Arrival> {
  const whole = inProcess(records)
  for (const record of whole) recogniseRecord(record, arrivedMs)
  const { kept, rejected } = applied(identifyRecord, whole, arrivedMs)
  for (const record of kept) translateRecord(record, arrivedMs)
  return { accepted: inOrder(kept), rejected }
}

/**
 * What a batch means today; records that no longer mean anything are rejected. In the order in
 * which they are stored, which is the one in which they were folded: sorting them again would put
 * two requests that share a batch in another order.
 */
export function processStored(batch: StoredBatch): Intake<Arrival> {
  const processed = batch.records.map((record) => {
    const intake = processRecords(asDecoded(batch, record), batch.receivedMs)
    if (batch.signal !== 'log') return intake
    const { isRepeat, transcriptKey } = record as LogRecord
    let { accepted } = intake
    if (isRepeat === true) accepted = accepted.map(asRepeat)
    if (transcriptKey !== undefined) {
      accepted = accepted.map((arrival) => toldByTranscript(arrival, transcriptKey))
    }
    return { ...intake, accepted }
  })
  const accepted = processed.flatMap(({ accepted }) => accepted)
  return {
    accepted: ownedArrivals(accepted, ownerOfSession(batch.sessionKey)),
    rejected: processed.flatMap(({ rejected }) => rejected),
  }
}

/** A record of a batch at the beginning of the chain. */
export function storedInProcess(
  batch: StoredBatch,
  record: StoredRecord['record'],
): RecordInProcess {
  const [only] = inProcess(asDecoded(batch, record))
  return only as RecordInProcess
}

/** A batch's records are all of its signal; the store keeps both side by side. */
function asDecoded({ origin, signal }: StoredBatch, record: StoredRecord['record']): SignalRecords {
  switch (signal) {
    case 'log':
      return { signal, records: [{ ...(record as LogRecord), origin }] }
    case 'metric':
      return { signal, records: [{ ...(record as MetricPoint), origin }] }
    case 'trace':
      return { signal, records: [{ ...(record as SpanRecord), origin }] }
    case 'hook': {
      const hook = record as HookRecord
      return { signal, records: [{ ...hook, agent: agentOfHooks(origin) }] }
    }
    case 'transcript':
      return { signal, records: [{ ...(record as TranscriptRecord), origin }] }
  }
}
