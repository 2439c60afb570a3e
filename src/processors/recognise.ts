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
  // Whoever read it says which agent wrote it.
  if (record.signal === 'transcript') return
  if (record.signal === 'hook') {
    record.profile = profileNamed(record.record.agent)
    return
  }
  const profile = profileOf(record.record.origin)
  if (profile === undefined) {
    // What a record says of itself says more than who sent it: a plugin sends for its agent.
    record.profile =
      profiles.find((each) => recogniseBySigns(record, each, arrivedMs, isOwn)) ??
      profiles.find((each) => recogniseBySigns(record, each, arrivedMs, isOfOwnOrigin))
    return
  }
  // Most spans of some agents are about their own insides.
  if (record.signal === 'trace' && profile.spanSource?.recognises(record.record) === false) return
  record.profile = profile
  restore(record, profile, arrivedMs)
}

export const recognise = recordProcessor('recognise', recogniseRecord)

type TelemetryInProcess = Exclude<
  RecordInProcess,
  { readonly signal: 'hook' } | { readonly signal: 'transcript' }
>

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
  isSign: (record: TelemetryInProcess, signs: AgentSigns) => boolean,
): boolean {
  const { signs } = profile
  if (signs === undefined) return false
  const before = record.record
  restore(record, profile, arrivedMs)
  if (isSign(record, signs)) return true
  record.record = before
  return false
}

function isOfOwnOrigin({ record }: TelemetryInProcess, { origin }: AgentSigns): boolean {
  return origin(record.origin)
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
