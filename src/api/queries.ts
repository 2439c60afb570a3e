/**
 * What the page's API asks of the rest of the product, in terms of the contract; no SQL, no Fastify.
 * What the store can answer is a question, which is answered elsewhere (`answers.ts`) as the text
 * that goes to the browser; the bridge does the rest itself.
 */
import type { Visible } from '../domain/access.ts'
import type { Result } from '../domain/result.ts'
import type { StatusFigures } from '../domain/status-line.ts'
import type { Setup, SetupSeen } from './contract/access.ts'
import type {
  BudgetBody,
  BudgetOverrideAsked,
  BudgetOverrideEnded,
  BudgetOverrides,
  Budgets,
  DefinedBudgets,
} from './contract/budgets.ts'
import type {
  Changed,
  DeadSelection,
  Delivery,
  ExporterDelivery,
  Retried,
} from './contract/delivery.ts'
import type { Fleet, FleetQuery } from './contract/fleet.ts'
import type { PlanWindows, PlanWindowsQuery } from './contract/plan-windows.ts'
import type { Facets, Filter } from './contract/filter.ts'
import type { ImportBody, ImportState } from './contract/imports.ts'
import type { LiveEvent, LiveRecent, LiveRecentQuery } from './contract/live.ts'
import type { Overview, OverviewQuery } from './contract/overview.ts'
import type { RawEvent, RawEvents, RawEventsQuery } from './contract/raw-events.ts'
import type { FindAnswer, FindQuery } from './contract/session-find.ts'
import type { ExportPart, ExportQuery } from './contract/session-export.ts'
import type { Deleted, Scrubbed, ScrubbedSession, Session } from './contract/session.ts'
import type { SessionList, SessionListQuery } from './contract/session-list.ts'
import type { Turn, TurnQuery, Turns, TurnsQuery, WaterfallItem } from './contract/turn.ts'
import type { UsageAnswer, UsageQuery } from './contract/usage.ts'
import type { Waste, WasteInRange, WasteQuery } from './contract/waste.ts'
import type { WebFailure } from './failure.ts'

/** A cursor that was not given out for this question: told to the client as `malformed`. */
export type BadCursor = 'bad_cursor'

/** Answers from the store: committed facts. `undefined` means there is no such thing. */
export interface StoreQueries {
  overview(query: OverviewQuery): Promise<Overview>
  usage(query: UsageQuery): Promise<UsageAnswer>
  facets(filter: Filter): Promise<Facets>
  sessions(query: SessionListQuery): Promise<Result<SessionList, BadCursor>>
  session(key: string): Promise<Session | undefined>
  turns(sessionKey: string, query: TurnsQuery): Promise<Result<Turns, BadCursor> | undefined>
  turn(
    sessionKey: string,
    turnKey: string,
    query: TurnQuery,
  ): Promise<Result<Turn, BadCursor> | undefined>
  item(sessionKey: string, turnKey: string, itemId: string): Promise<WaterfallItem | undefined>
  find(sessionKey: string, query: FindQuery): Promise<FindAnswer | undefined>
  /** A part of a session as a file: the first, or the one behind a cursor. */
  exportPart(
    sessionKey: string,
    query: ExportQuery & { readonly cursor: string | undefined },
  ): Promise<Result<ExportPart, BadCursor> | undefined>
  waste(sessionKey: string): Promise<Waste | undefined>
  wasteInRange(query: WasteQuery): Promise<WasteInRange>
  events(
    sessionKey: string,
    query: RawEventsQuery,
  ): Promise<Result<RawEvents, BadCursor> | undefined>
  event(sessionKey: string, id: string): Promise<RawEvent | undefined>
  budgets(): Promise<Budgets>
  fleet(query: FleetQuery): Promise<Fleet>
  planWindows(query: PlanWindowsQuery): Promise<PlanWindows>
  /** Undefined for a session that is not stored. */
  statusLine(sessionKey: string): Promise<StatusFigures | undefined>
  /** The part of an answer about delivery that the store knows. */
  outbox(): Promise<StoredOutbox>
  /** Whether any record was ever stored. */
  hasArrived(): Promise<boolean>
  setupSeen(): Promise<SetupSeen>
  readonly live: StoredFeed
}

/** What waits for exporters, and what was put aside. */
export type StoredOutbox = Pick<Delivery, 'deadItems' | 'deadReasons'> & {
  readonly outbox: Omit<Delivery['outbox'], 'dropped'>
  readonly exporters: readonly Pick<
    ExporterDelivery,
    'name' | 'pending' | 'dead' | 'oldestPendingMs'
  >[]
}

/** The live feed as the store has it. */
export interface StoredFeed {
  recent(limit: number): Promise<LiveRecent>
  /** The newest of what was stored after a position, in order. */
  since(asked: LiveQuestion): Promise<LiveNews>
  /** What was stored after a position, in order, at most `limit` events. */
  after(position: number, limit: number): Promise<LiveSlice>
}

export interface LiveQuestion {
  /** Undefined, or one of another database, means the newest record: nothing is after it. */
  readonly position: number | undefined
  /** Up to and with this position; undefined is up to the newest record. */
  readonly upTo: number | undefined
  /** Events at most. */
  readonly limit: number
}

export interface LiveNews {
  /** In order. */
  readonly events: readonly LiveEvent[]
  /** Up to where this goes. */
  readonly position: number
  /** Records between the position asked for and the first event that were left out. */
  readonly omitted: number
}

export interface LiveSlice {
  readonly events: readonly LiveEvent[]
  /** Up to where this slice looked: go on from here. Beyond the last event where some are hidden. */
  readonly position: number
  /** More may be there already. */
  readonly more: boolean
}

/** What the bridge itself knows of delivery and intake. */
export type BridgeState = Pick<Delivery, 'langfuse' | 'ingest' | 'quarantine' | 'retention'> & {
  readonly dropped: number
  readonly exporters: readonly Omit<ExporterDelivery, 'pending' | 'dead' | 'oldestPendingMs'>[]
}

/** A question that the store answers. Plain data: it goes to another thread. */
export type Question =
  | { readonly name: 'overview'; readonly query: OverviewQuery }
  | { readonly name: 'usage'; readonly query: UsageQuery }
  | { readonly name: 'facets'; readonly query: Filter }
  | { readonly name: 'sessions'; readonly query: SessionListQuery }
  | { readonly name: 'session'; readonly key: string }
  | { readonly name: 'turns'; readonly key: string; readonly query: TurnsQuery }
  | {
      readonly name: 'turn'
      readonly key: string
      readonly turn: string
      readonly query: TurnQuery
    }
  | { readonly name: 'item'; readonly key: string; readonly turn: string; readonly item: string }
  | {
      readonly name: 'exportPart'
      readonly key: string
      readonly query: ExportQuery
      readonly cursor: string | undefined
    }
  | { readonly name: 'find'; readonly key: string; readonly query: FindQuery }
  | { readonly name: 'waste'; readonly key: string }
  | { readonly name: 'wasteInRange'; readonly query: WasteQuery }
  | { readonly name: 'events'; readonly key: string; readonly query: RawEventsQuery }
  | { readonly name: 'event'; readonly key: string; readonly id: string }
  | { readonly name: 'liveRecent'; readonly query: LiveRecentQuery }
  | { readonly name: 'budgets' }
  | { readonly name: 'fleet'; readonly query: FleetQuery }
  | { readonly name: 'planWindows'; readonly query: PlanWindowsQuery }
  | { readonly name: 'statusLine'; readonly key: string }
  | { readonly name: 'delivery'; readonly bridge: BridgeState }
  /** What to export, but for whether anything has arrived. */
  | { readonly name: 'setup'; readonly setup: Omit<Setup, 'hasArrived' | 'seen'> }

/** An answer as it goes out: JSON, encoded. */
export type JsonBytes = Uint8Array

export interface WebQueries {
  /**
   * Answers from what is visible to the one who asks. `signal` aborts when nobody waits for the
   * answer any more.
   */
  ask(
    question: Question,
    visible: Visible,
    signal: AbortSignal,
  ): Promise<Result<JsonBytes, WebFailure>>
  /** What the bridge knows of delivery, for the question about it. */
  bridgeState(): Promise<BridgeState>
  /** Deletes every row of it, also what waits for Langfuse; an open session is forgotten. */
  deleteSession(key: string): Promise<Deleted | undefined>
  /** Masks what is stored of a session, beside intake; undefined where there is no such session. */
  scrubSession(key: string): Promise<Result<ScrubbedSession | undefined, WebFailure>>
  /** Masks what belongs to no session, and writes the files anew. */
  scrub(): Promise<Result<Scrubbed, WebFailure>>
  retry(selection: DeadSelection): Promise<Changed>
  drop(selection: DeadSelection): Promise<Changed>
  retryQuarantine(selection: DeadSelection): Promise<Retried>
  dropQuarantine(selection: DeadSelection): Promise<Changed>
  /** The id of an import of transcripts that has begun. */
  startImport(body: ImportBody): string
  /** Undefined for an id that is not known, or not any more. */
  importState(id: string): ImportState | undefined
  /** Defines a budget, or takes one out that a command defined; all that are defined then. */
  addBudget(body: BudgetBody): Promise<Result<DefinedBudgets, WebFailure>>
  removeBudget(name: string): Promise<Result<DefinedBudgets, WebFailure>>
  /** Budgets that are lifted for a while. */
  overrides(): Result<BudgetOverrides, WebFailure>
  override(asked: BudgetOverrideAsked): Promise<Result<BudgetOverrides, WebFailure>>
  endOverride(asked: BudgetOverrideEnded): Promise<Result<BudgetOverrides, WebFailure>>
  readonly live: LiveFeed
}

/** The live feed as streams read it. */
export interface LiveFeed {
  /** As `StoredFeed.since`, in the form in which it goes out. */
  since(asked: LiveQuestion, visible: Visible): Promise<Result<LiveChunk, WebFailure>>
  /** Calls back after each commit, without waiting; returns how to end it. */
  onCommitted(listener: () => void): () => void
}

/** News, as the text of Server-Sent Events. */
export interface LiveChunk {
  /** Empty when there is nothing to show. */
  readonly bytes: Uint8Array
  readonly position: number
  /** How many events. */
  readonly events: number
}
