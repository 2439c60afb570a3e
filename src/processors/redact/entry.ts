/** Masks what is read of transcripts, on the thread that reads them. */
import type { Attributes } from '../../domain/json-value.ts'
import type { TranscriptRecord } from '../../domain/telemetry-record.ts'
import { inProcess } from '../record-processor.ts'
import type { RecordMasker } from './record-masker.ts'

const ORIGIN = { resource: {}, scopeName: '', scopeVersion: '' }

/** The records of a batch as the chain would mask them, with their counts. */
export function maskEntries(
  { mask }: Pick<RecordMasker, 'mask'>,
  records: readonly TranscriptRecord[],
): readonly TranscriptRecord[] {
  return inProcess({ signal: 'transcript', records }).map((each) => {
    mask(each)
    return each.record as TranscriptRecord
  })
}

/** What a reader keeps between two lines, masked as the record would be that is made of it. */
export function maskAttributes(
  masker: Pick<RecordMasker, 'mask'>,
  attributes: Attributes,
): Attributes {
  const entry = { origin: ORIGIN, sessionId: '', name: '', key: '', timeMs: undefined, attributes }
  return maskEntries(masker, [entry])[0]?.attributes ?? {}
}
