/**
 * What is stored, as whoever masks it afterwards sees it: of each session its records and all that was
 * made of them, and what belongs to no session. Every method is one short transaction.
 */
import type { SessionKey } from './identity.ts'
import type { ItemKind } from './outbox.ts'
import type { UnplacedRecord } from './quarantine.ts'
import type { StoredState } from './stored-state.ts'
import type { Origin, StoredBatch, StoredRecord } from './telemetry-record.ts'
import type { UsageDimensions } from './usage.ts'

/** A stored batch as one row. */
export interface BatchRow {
  readonly batch: StoredBatch
  /** For `writeBatch`. */
  readonly id: number
}

/** A key of the duplicate filter that a record had, and the one that it has now. */
export interface KeyChange {
  readonly before: string
  readonly after: string
}

/** A prompt's row, by the key of its record. */
export interface PromptText {
  readonly promptId: string | null
  readonly command: string | null
  readonly text: string | null
}

export interface PromptChange extends KeyChange {
  readonly prompt: PromptText
}

/** An item that waits for an exporter or was put aside. */
export interface WaitingItem {
  readonly id: number
  readonly kind: ItemKind
  /** JSON. */
  readonly payload: string
  /** Of a score, the key that it is stored under; null for everything else. */
  readonly scoreKey: string | null
}

/** The columns of a session's row that hold what somebody told. */
export interface SessionTexts {
  readonly userId: string | null
  readonly title: string | null
  readonly project: string | null
  readonly team: string | null
  /** Whose it is, as far as its records said it and not the key that they came under. */
  readonly ownerTeam: string | null
  readonly ownerUser: string | null
}

/** What was made of a session's records. Texts are JSON where the store keeps JSON. */
export interface DerivedTexts {
  readonly session: SessionTexts
  readonly state: StoredState | undefined
  readonly attributes: Readonly<Record<string, string>>
  /** By the key of the record. */
  readonly prompts: Readonly<Record<string, PromptText>>
  readonly items: readonly WaitingItem[]
  /** Names of models and tools, and facets of activity. */
  readonly usageNames: readonly string[]
  /** Of budget alerts that decided something, by position. */
  readonly controls: Readonly<Record<number, string>>
  /** What it worked on, by segment. */
  readonly work: Readonly<Record<number, string>>
}

/** What takes their place; what is absent stays. */
export interface MaskedTexts {
  readonly session?: SessionTexts
  /** Of the version that is written. */
  readonly state?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly prompts?: Readonly<Record<string, PromptText>>
  readonly items?: readonly { readonly id: number; readonly payload: string }[]
  /** Old to new. */
  readonly usageNames?: ReadonlyMap<string, string>
  readonly controls?: Readonly<Record<number, string>>
  readonly work?: Readonly<Record<number, string>>
  /** The session has another name from now on, which no other session has. */
  readonly renamed?: { readonly key: SessionKey; readonly sessionId: string }
}

export interface StoredOrigin {
  readonly id: number
  readonly origin: Origin
}

/** What usage is grouped by, shared by sessions. */
export interface StoredDimensions {
  readonly id: number
  readonly dimensions: UsageDimensions
}

/** A record of the quarantine, with what is said of it. */
export interface QuarantinedTexts {
  readonly id: number
  readonly unplaced: UnplacedRecord
  readonly message: string
  readonly name: string
}

/** What the reader of a transcript knew when it read the last line. */
export interface TranscriptState {
  readonly id: number
  /** JSON. */
  readonly text: string
}

/** What is known of a trace, its ids among it. */
export interface TraceTexts {
  readonly id: number
  /** A JSON list. */
  readonly text: string
}

/** What can be looked at without changing anything. */
export interface ScrubReader {
  /** Keys of all sessions, the oldest first. */
  sessionKeys(): Promise<readonly SessionKey[]>
  has(key: SessionKey): Promise<boolean>
  /** The next batches of a session as whole rows, behind a position. */
  batchRows(key: SessionKey, afterId: number, limit: number): Promise<readonly BatchRow[]>
  /** Undefined where there is no such session. */
  derived(key: SessionKey): Promise<DerivedTexts | undefined>
  origins(): Promise<readonly StoredOrigin[]>
  dimensions(): Promise<readonly StoredDimensions[]>
  /** Subjects of budget alerts and reasons of failed deliveries, each once. */
  remarks(): Promise<readonly Remark[]>
  /** Some of the items that belong to no session, behind an id: requests to be forwarded. */
  otherItems(afterId: number): Promise<readonly WaitingItem[]>
  /** Some of the quarantine behind an id. */
  quarantined(afterId: number): Promise<readonly QuarantinedTexts[]>
  /** What readers of transcripts remember of some files, behind an id. */
  transcriptStates(afterId: number): Promise<readonly TranscriptState[]>
  /** Some of the traces behind an id. */
  traces(afterId: number): Promise<readonly TraceTexts[]>
}

/** Changes of what is gone meanwhile do nothing. */
export interface ScrubStore extends ScrubReader {
  /** The new keys count from now on, beside the old ones. */
  addSeen(key: SessionKey, changes: readonly KeyChange[]): Promise<void>
  /** The old ones count no more. */
  dropSeen(key: SessionKey, changes: readonly KeyChange[]): Promise<void>
  /** Replaces what was made of a session's records by what `mask`, which is pure, makes of it. */
  replaceDerived(key: SessionKey, mask: (derived: DerivedTexts) => MaskedTexts): Promise<void>
  changePrompts(key: SessionKey, changes: readonly PromptChange[]): Promise<void>
  writeBatch(id: number, records: readonly StoredRecord['record'][]): Promise<void>
  writeOrigin(origin: StoredOrigin): Promise<void>
  /** What stood under these dimensions stands under the new ones; the old ones are gone. */
  writeDimensions(dimensions: StoredDimensions): Promise<void>
  /** Wherever it stands. */
  writeRemark(remark: Remark, text: string): Promise<void>
  writeItem(id: number, payload: string): Promise<void>
  /** Takes the place of one; where another is the same now, there is only that. */
  writeQuarantined(texts: QuarantinedTexts): Promise<void>
  /** The transcript is read from its beginning the next time. */
  forgetTranscript(id: number): Promise<void>
  /** Spans of the trace that come later begin it anew. */
  forgetTrace(id: number): Promise<void>
  /** Rows of deleted sessions that are still there go now; true while there are more. */
  sweepDeleted(): Promise<boolean>
}

/** A text that belongs to no session. */
export interface Remark {
  readonly of: 'budgetAlert' | 'alert' | 'failure' | 'audit'
  readonly text: string
}
