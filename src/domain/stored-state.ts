/** What a store has to know of the states of sessions, which it keeps as text under a version. */
import type { AgentEvent } from './agent-event.ts'
import type { SessionKey } from './identity.ts'
import type { MetricSample } from './metric-sample.ts'
import type { Result } from './result.ts'
import type { StoredInputs } from './stored-inputs.ts'
import type { StoredBatch } from './telemetry-record.ts'

/** A state as it lies in the store, with facts of its row that older states lack. */
export interface StoredState {
  readonly sessionKey: SessionKey
  readonly version: number
  /** JSON, unless it is damaged. */
  readonly text: string
  readonly title: string | undefined
  readonly firstPromptMs: number | undefined
  readonly firstCommitMs: number | undefined
}

export interface StateFormat<S> {
  /** Version of the states that are written. */
  readonly version: number
  /** What they are folded under, as JSON: kept for replays. */
  readonly policy: string
  /** The state, brought up to that version if it is older; the error says why it cannot be read. */
  read(stored: StoredState): Result<S, string>
  /** What stored records mean. */
  itemsOf(batch: StoredBatch): readonly (AgentEvent | MetricSample)[]
  /**
   * The state of a session that cannot be read, told again from what happened to it. What it would
   * send was sent when that was stored. Undefined when nothing is stored of it.
   */
  rebuild(sessionKey: SessionKey, inputs: StoredInputs): Promise<S | undefined>
}
