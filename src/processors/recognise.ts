/**
 * First stage: which agent sent a record. A record of no known agent goes on without a profile, so
 * that its refusal, which quotes it, is written behind the stage that masks secrets. Pure.
 */
import { profileNamed, profileOf } from '../agents/registry.ts'
import { type RecordInProcess, recordProcessor } from './record-processor.ts'

export function recogniseRecord(record: RecordInProcess): undefined {
  record.profile =
    record.signal === 'hook' ? profileNamed(record.record.agent) : profileOf(record.record.origin)
}

export const recognise = recordProcessor('recognise', recogniseRecord)
