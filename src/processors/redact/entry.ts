/** Masks what a reader of transcripts keeps between two lines, as the record would be that is made of it. */
import type { Attributes } from '../../domain/json-value.ts'
import { inProcess } from '../record-processor.ts'
import type { RecordMasker } from './record-masker.ts'

const ORIGIN = { resource: {}, scopeName: '', scopeVersion: '' }

/** Without secrets, and without content that is not kept. */
export function maskEntry(
  { mask }: Pick<RecordMasker, 'mask'>,
  attributes: Attributes,
): Attributes {
  const entry = { origin: ORIGIN, sessionId: '', name: '', key: '', timeMs: undefined, attributes }
  const [record] = inProcess({ signal: 'transcript', records: [entry] })
  if (record?.signal !== 'transcript') return attributes
  mask(record)
  return record.record.attributes
}
