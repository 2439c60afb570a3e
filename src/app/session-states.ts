/** How the store reads back the states of sessions, or makes one anew from what it holds of it. */
import { replaySession } from '../reports/replay.ts'
import { processStored } from '../processors/stored-processor.ts'
import type { StateFormat } from '../domain/stored-state.ts'
import { policyText, type SessionPolicy } from '../sessions/policy.ts'
import { STATE_VERSION, type SessionState } from '../sessions/state.ts'
import { readState } from '../sessions/stored-state.ts'

export function createSessionStates(policy: SessionPolicy): StateFormat<SessionState> {
  return {
    version: STATE_VERSION,
    policy: policyText(policy),
    read: readState,
    itemsOf: (batch) => processStored(batch).accepted.map(({ item }) => item),
    // What this says was put into the outbox when it happened.
    rebuild: (sessionKey, inputs) => replaySession({ inputs }, sessionKey, policy, () => {}),
  }
}
