/**
 * The durable store as the composition root sees it, whatever database is behind it. What may take a
 * while, or ask the database, is asynchronous.
 */
import type { AlertStore } from '../domain/alert.ts'
import type { BudgetWatch } from '../domain/budget.ts'
import type { BrakeStore } from '../domain/budget-brake.ts'
import type { Clock } from '../domain/clock.ts'
import type { DestinationPause } from '../domain/destination-pause.ts'
import type { AuditLog, KeyStore } from '../domain/key-store.ts'
import type { ForwardStore } from '../domain/forwarded-request.ts'
import type { BudgetStore } from '../domain/managed-budget.ts'
import type { DeadItems, ItemKind, Outbox, OutboxCounts, OutboxReader } from '../domain/outbox.ts'
import type { PlanWindowStore } from '../domain/plan-window.ts'
import type { QuarantineStore } from '../domain/quarantine.ts'
import type { Result } from '../domain/result.ts'
import type { Routes } from '../domain/routing.ts'
import type { ScrubStore } from '../domain/scrub-store.ts'
import type { SessionStore } from '../domain/session-store.ts'
import type { TraceStore } from '../domain/trace-store.ts'
import type { TranscriptPositions } from '../domain/transcript-files.ts'
import type { StoredInputs } from '../domain/stored-inputs.ts'
import type { StateFormat } from '../domain/stored-state.ts'
import type { StoreLog } from './store-log.ts'

/** What a store has to know, whatever its engine. */
export interface StoreOptions<S> {
  readonly clock: Clock
  readonly states: StateFormat<S>
  /** How long closed sessions are kept; 0 means forever. */
  readonly retentionMs: number
  /** How large all of it may become; 0, the default, is no limit. */
  readonly maxBytes?: number
  readonly outbox: OutboxBounds
  /** Whom items are kept for. What waits for an active one keeps its session from being deleted. */
  readonly exporters: readonly OutboxReader[]
  /**
   * Where sessions go, decided once for each: by a rule as soon as one fits, else when it first has
   * something to send. Absent where everything goes to every exporter.
   */
  readonly routes?: Routes | undefined
  /** Absent while no budget is set. */
  readonly budgets?: BudgetWatch<S> | undefined
  /**
   * When SQLite flushes to the disk: with each commit, which is the default, or only when the store is closed.
   * The latter is for whoever can do everything again: a power cut undoes the last commits, in whole and
   * from the end. PostgreSQL flushes as its server is set up to.
   */
  readonly flushes?: 'commits' | 'on close'
  readonly log: StoreLog
}

/** Why a store cannot be opened, for a person: what happened, where, and what to do. */
export interface StoreOpenError {
  readonly message: string
  /** Another process holds the store. */
  readonly isInUse?: boolean
}

export interface OutboxBounds {
  /** 0 is no limit. */
  readonly maxAgeMs: number
  /** Of all payloads; 0 is no limit. */
  readonly maxBytes: number
}

/** For masking what is stored already. */
export interface ScrubAccess {
  readonly store: ScrubStore
  readonly inputs: StoredInputs
  /**
   * Writes the database anew, so that nothing is left in its files of what was replaced. Commits wait
   * meanwhile, some seconds for a gigabyte. The error says who still reads what was replaced, which is
   * left in the files then; rejects with what else goes wrong.
   */
  rewriteFiles(): Promise<Result<undefined, string>>
}

export interface Store<S> {
  readonly sessions: SessionStore<S>
  /** What waits for an exporter, of one kind. */
  readonly outbox: (exporter: string, kind: ItemKind) => Outbox
  /** How much waits. Costs the same however much that is. */
  outboxCounts(): Promise<OutboxCounts>
  /** Alerts, and what of them waits for channels. */
  readonly alerts: AlertStore
  /** Budgets that commands defined. */
  readonly budgets: BudgetStore
  /** How much of plans is used. */
  readonly planWindows: PlanWindowStore
  /** What the brake of budgets reads: committed spending, and overrides. */
  readonly brake: BrakeStore
  readonly deadItems: DeadItems
  /** Records that could not be assigned. */
  readonly quarantine: QuarantineStore
  /** What is forwarded, on its way into the outbox. */
  readonly forwarded: ForwardStore
  /** What is known of traces, for spans that come later. */
  readonly traces: TraceStore
  /** How far transcripts were read. */
  readonly transcripts: TranscriptPositions
  /** Named keys. */
  readonly keys: KeyStore
  /** Who read, deleted or changed what. */
  readonly audit: AuditLog
  /** Until when a destination, named by its address, asked to be left alone. */
  readonly pause: (destination: string) => DestinationPause
  /** Which data folder this is: a random id, which the bridge reports on request. */
  readonly instance: string
  /** Tries whether a commit would succeed now (disk full, read-only, damaged …). */
  check(): Promise<Result<undefined, string>>
  /** Whether records can be stored, as the last attempt showed. Tries nothing and waits for nothing. */
  storage(): StorageState
  /** Why the store cannot be used at present, where that is what an error says; else it is a bug. */
  outageOf(error: unknown): string | undefined
  /** Looks from now on now and then, while no commit shows it. */
  watchStorage(): void
  /** Bytes of all that the database takes up; undefined when they cannot be read. */
  databaseBytes(): Promise<number | undefined>
  /** What is in use of that, against its bound. */
  size(): Promise<StoreSize>
  /** Calls back after sessions were deleted: at once on request, else when upkeep has done its part. */
  onDeleted(listener: () => void): void
  /** For masking what is stored already. */
  readonly scrub: ScrubAccess & {
    /** Sessions were masked: whoever remembers them is told. */
    done(): void
  }
  /** Bounds of the outbox, and retention. */
  readonly upkeep: Upkeep
  /**
   * Calls back when another process that shares the store may have changed something, and now and then
   * without a reason: what such a process left undone is looked for then. Never in a store that is of
   * one process.
   */
  onElsewhere(listener: (changes: ChangesElsewhere) => void): void
  /**
   * Says that this process takes no more records. Resolves to whether it is the last one of those that
   * share the store, and so has to close the sessions.
   */
  isLastToStop(): Promise<boolean>
  /** Ends the use of the database, once everything is on the disk; rejects where that cannot be done. */
  close(): Promise<void>
}

/** What others committed, as far as it touches what is remembered of the store. */
export interface ChangesElsewhere {
  /** Quarters of an hour whose usage is another one now. */
  readonly bucketsMs: readonly number[]
  /** What lies within is grouped or found under other names now. */
  readonly regrouped: { readonly fromMs: number; readonly toMs: number } | undefined
  /** Everything may have changed. */
  readonly isAll: boolean
  /** Sessions may be due, and items wait, that another process left. */
  readonly isLeft: boolean
}

export interface StorageState {
  readonly isWritable: boolean
  /** When something was last stored, epoch ms. */
  readonly lastCommitMs: number | undefined
  /** While it is not writable: since when, and why. */
  readonly failure: StorageFailure | undefined
}

export interface StorageFailure {
  /** Epoch ms. */
  readonly sinceMs: number
  readonly message: string
}

export interface StoreSize {
  /** Of what is in use in the database, and of all of its log; undefined when it cannot be read. */
  readonly usedBytes: number | undefined
  /** 0 is no limit. */
  readonly maxBytes: number
  /**
   * `within` its bound; `deleting` to get there; `full` when it is beyond it and nothing may be
   * deleted.
   */
  readonly state: 'within' | 'deleting' | 'full'
  /** While it is full: closed sessions that stay because something of them waits for delivery. */
  readonly waitingSessions: number
  /** Sessions deleted for lack of space since the database was made. */
  readonly droppedSessions: number
}

export interface Upkeep {
  /** Begins the rounds, the first at once. */
  start(): void
  /** Items of the outbox that were deleted for lack of space, ever. */
  dropped(): Promise<number>
}
