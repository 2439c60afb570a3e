/**
 * First stage: which agent sent a record, and what the record was when the agent sent it. A record
 * of no known agent goes on without a profile, so that its refusal, which quotes it, is written
 * behind the stage that masks secrets. Pure.
 */
import type { AgentProfile, AgentSigns } from '../agents/profile.ts'
import { profileNamed, profileOf, profiles } from '../agents/registry.ts'
import { type RecordInProcess, recordProcessor } from './record-processor.ts'
import { restoredLog, restoredRecord } from './restore.ts'

export function recogniseRecord(record: RecordInProcess, arrivedMs: number): undefined {
  if (record.signal === 'hook') {
    record.profile = profileNamed(record.record.agent)
    return
  }
  const profile = profileOf(record.record.origin)
  if (profile === undefined) {
    const isRecognised = (each: AgentProfile): boolean => recogniseBySigns(record, each, arrivedMs)
    record.profile = profiles.find(isRecognised)
    return
  }
  record.profile = profile
  restore(record, profile, arrivedMs)
}

export const recognise = recordProcessor('recognise', recogniseRecord)

type TelemetryInProcess = Exclude<RecordInProcess, { readonly signal: 'hook' }>

/** Puts the record right by the agent's names. */
function restore(record: TelemetryInProcess, { named }: AgentProfile, arrivedMs: number): void {
  if (named === undefined) return
  switch (record.signal) {
    case 'log':
      record.record = restoredLog(record.record, named, arrivedMs)
      return
    case 'metric':
      record.record = restoredRecord(record.record, named)
      return
    case 'trace':
      record.record = restoredRecord(record.record, named)
  }
}

/** A scope may be gone: the agent's own names in the record, or its service, say as much. */
function recogniseBySigns(
  record: TelemetryInProcess,
  profile: AgentProfile,
  arrivedMs: number,
): boolean {
  const { signs } = profile
  if (signs === undefined) return false
  const before = record.record
  restore(record, profile, arrivedMs)
  if (signs.origin(record.record.origin) || isOwn(record, signs)) return true
  record.record = before
  return false
}

function isOwn(record: TelemetryInProcess, signs: AgentSigns): boolean {
  switch (record.signal) {
    case 'log':
      return signs.log(record.record)
    case 'metric':
      return signs.metric(record.record)
    case 'trace':
      return signs.span(record.record)
  }
}
