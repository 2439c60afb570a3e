/**
 * Third stage: takes out what must not be stored or sent (`docs/privacy.md`). It stands before
 * whatever makes something of a record's texts: keys, titles, states, rows, what is exported.
 * Nothing behind it sees what it removed.
 */
import { type RecordInProcess, type RecordProcessor, recordProcessor } from './record-processor.ts'
import type { RecordMasker } from './redact/record-masker.ts'

/** With `keepsOriginal` only what is forwarded sees it: it is in the arrival, apart from the rest. */
export function createRedact({ mask }: RecordMasker, keepsOriginal: boolean): RecordProcessor {
  return recordProcessor('redact', (record) => {
    if (keepsOriginal) keepOriginal(record)
    mask(record)
    return undefined
  })
}

/** Its own signal's record is the original: which type it has does not matter here. */
function keepOriginal(record: RecordInProcess): void {
  const kept: { original?: unknown } = record
  kept.original = record.record
}
