/**
 * The durable store as the session handler sees it: one transaction with a pure function
 * in its middle. Implemented by `storage/`; knows nothing of SQL.
 */
import type { AgentEvent } from './agent-event.ts'
import type { BudgetAlert } from './budget.ts'
import type { Emission } from './emission.ts'
import type { SessionKey } from './identity.ts'
import type { MetricSample } from './metric-sample.ts'
import type { ControlOfSession } from './session-control.ts'
import type { Origin, StoredRecord } from './telemetry-record.ts'
import type { TranscriptRank } from './transcript-rank.ts'
import type { Usage } from './usage.ts'

/** One accepted record on its way in: what it means, and what came over the wire. */
export interface Arrival {
  readonly sessionKey: SessionKey
  readonly item: AgentEvent | MetricSample
  readonly origin: Origin
  /** The record as decoded, kept so that stored sessions can be mapped anew. */
  readonly stored: StoredRecord
  readonly arrivedMs: number
  /** Name of the key that it came under; absent where that has none. */
  readonly keyName?: string | undefined
  /** Of the transcript that it was read from. */
  readonly rank?: TranscriptRank | undefined
}

/** A session as stored: opaque state, and the facts the store needs about it. */
export interface SessionRow<S> {
  readonly key: SessionKey
  readonly agent: string
  readonly sessionId: string
  readonly state: S
  /** When the session next wants a tick; `undefined` when it is closed. */
  readonly deadlineMs: number | undefined
  readonly closeReason: string | undefined
  readonly firstMs: number
  readonly lastMs: number
  readonly firstPromptMs: number | undefined
  readonly firstCommitMs: number | undefined
  readonly userId: string | undefined
  /** The agent's own title, else the beginning of the first prompt. */
  readonly title: string | undefined
  readonly project: string | undefined
  readonly team: string | undefined
  /**
   * What else it can be found by: resource attributes, folder, repository, branch, each with its
   * newest value. The same object as long as nothing changes.
   */
  readonly labels: Readonly<Record<string, string>>
  /** Totals for lists and reports. */
  readonly costUsd: number
  /** The parts of it as in `ModelUsage`. */
  readonly estimatedUsd: number
  readonly metricsUsd: number
  readonly unpricedCalls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly cacheCreationTokens: number
  readonly prompts: number
  readonly modelCalls: number
  readonly toolResults: number
  readonly errors: number
  /** Nothing has happened in it: it is not listed and not counted. */
  readonly isEmpty?: boolean
}

/** What one session used since its last commit. */
export interface SessionUsage {
  readonly session: Pick<
    SessionRow<unknown>,
    'key' | 'agent' | 'sessionId' | 'userId' | 'team' | 'costUsd'
  >
  readonly usage: Usage
  /** Its user or team is another one than when it used what it used before. */
  readonly isMoved: boolean
  /**
   * Set when reports now group or find under another name what it used before; the time span in
   * which that lies, `toMs` excluded.
   */
  readonly regrouped?: { readonly fromMs: number; readonly toMs: number }
}

/** What the fold decided; all of it is committed together, or none. */
export interface Outcome<S> {
  readonly sessions: readonly SessionRow<S>[]
  readonly usage: readonly SessionUsage[]
  readonly emissions: readonly Emission[]
  /** Ticks, closings and alerts that decided something, in order, behind the records of this commit. */
  readonly controls?: readonly ControlOfSession[]
}

/**
 * The function in the middle of the transaction: gets the arrivals that were not known already, and
 * the states of the sessions asked for, those that have one. Synchronous and free of effects: it runs
 * again if the transaction is retried.
 */
export type Fold<S> = (fresh: readonly Arrival[], states: ReadonlyMap<SessionKey, S>) => Outcome<S>

/** A commit that others see, and that survives a power cut. */
export interface Committed<S> {
  readonly outcome: Outcome<S>
  /** The budget alerts that the commit raised; what is emitted of them was stored with it. */
  readonly alerts: readonly BudgetAlert[]
}

export interface SessionStore<S> {
  /**
   * Stores arrivals, drops duplicates, folds, and commits. Resolves once that is on the disk.
   * Rejects (nothing stored) when the disk or the database refuses, or when the fold throws.
   *
   * `sessions` names those whose state the fold needs. `held` gives the state of one of them as an
   * earlier commit of this process left it; where that is still the newest it need not be read
   * again. The store decides: a state that another process has changed since is read.
   */
  commit(
    arrivals: readonly Arrival[],
    sessions: readonly SessionKey[],
    fold: Fold<S>,
    held?: (key: SessionKey) => S | undefined,
  ): Promise<Committed<S>>
  /**
   * What other sessions told of lines that these arrivals have, and that were written first where these
   * come from, as arrivals that take it back; each is to be committed before these are.
   */
  askedBack(arrivals: readonly Arrival[]): Promise<readonly Arrival[]>
  /** Keys of open sessions whose deadline is at or before `nowMs`, the most overdue first. */
  dueSessions(nowMs: number, limit: number): Promise<readonly SessionKey[]>
  /** The earliest deadline of all open sessions. */
  nextDeadline(): Promise<number | undefined>
  /** Keys of open sessions, longest quiet first. */
  openSessions(limit: number): Promise<readonly SessionKey[]>
  countOpenSessions(): Promise<number>
  /**
   * Takes a session out, with what of it waits to be delivered. Not while a commit is under way.
   * Resolves once it is gone, so that a commit after that begins it anew; undefined when there was
   * none.
   */
  remove(key: SessionKey): Promise<Removal | undefined>
}

/** A session that is gone, whose rows are still there. */
export interface Removal {
  /**
   * Deletes them, in slices between which commits go on. Resolves to how many records there were.
   * Whoever took the session out does this; where it fails, or the process ends, the store's upkeep
   * goes on with it.
   */
  deleteRows(): Promise<number>
}
