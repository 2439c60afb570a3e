/**
 * Third stage: takes out what must not be stored or sent (`docs/privacy.md`). It stands before
 * whatever makes something of a record's texts: keys, titles, states, rows, what is exported.
 * Nothing behind it sees what it removed.
 */
import { type RecordProcessor, recordProcessor } from './record-processor.ts'
import type { RecordMasker } from './redact/record-masker.ts'

export function createRedact({ mask }: RecordMasker): RecordProcessor {
  return recordProcessor('redact', (record) => {
    mask(record)
    return undefined
  })
}
