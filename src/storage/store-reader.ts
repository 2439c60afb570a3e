/**
 * The port for everything that is asked of the store without changing it. An implementation reads
 * committed data only, beside the process that writes, and never makes a commit wait. Every answer
 * is bounded by its question; whoever needs more asks again from where the last answer ended.
 *
 * Sessions have a number (`id`) within one store, counting up from 1, by which lists and sums are
 * put together; outside of a process they are known by their keys.
 */
import type { Owner } from '../domain/access.ts'
import type { SpentRow } from '../domain/budget-brake.ts'
import type { Budget } from '../domain/managed-budget.ts'
import type { DeadItem, DeadReason } from '../domain/outbox.ts'
import type { StoredReading } from '../domain/plan-window.ts'
import type { SearchTerm } from '../domain/search-words.ts'
import type { SessionRow } from '../domain/session-store.ts'
import type { StoredInputs } from '../domain/stored-inputs.ts'
import type { WorkSegment } from '../domain/work.ts'
import type { Signal, StoredBatch } from '../domain/telemetry-record.ts'
import type { ModelBucket, Span, UsageSlice } from './usage-slice.ts'

/** What a session is called, and what it belongs to, as far as that is known. */
export interface SessionNames {
  readonly title?: string | undefined
  readonly user?: string | undefined
  readonly project?: string | undefined
}

/** Each method rejects when the store cannot be read. */
export interface StoreReader {
  readonly usage: UsageReader
  readonly lists: SessionLists
  readonly search: SessionSearch
  readonly details: SessionDetails
  readonly facets: FacetReader
  readonly records: RecordReader
  /** What happened to a session, in order: what a replay is made of. */
  readonly inputs: StoredInputs
  readonly waiting: WaitingReader
  readonly deadItems: {
    /** The oldest first. */
    list(limit: number): Promise<readonly DeadItem[]>
    /** By exporter and reason, the most items first. */
    reasons(limit: number): Promise<readonly DeadReason[]>
  }
  readonly budgets: BudgetReader
  readonly eventGaps: EventGapReader
  readonly fleet: FleetReader
  readonly planWindows: PlanWindowReader
  close(): Promise<void>
}

/** Which sessions a question is about. All of it has to hold; what is absent does not matter. */
export interface SessionFilter {
  /** Whose sessions: of what it names, all has to be the same. */
  readonly owner?: Owner | undefined
  readonly agent?: string | undefined
  readonly project?: string | undefined
  readonly team?: string | undefined
  readonly user?: string | undefined
  /** Called at least once. */
  readonly model?: string | undefined
  /** Resource attributes, labels among them, as text. */
  readonly attributes: readonly AttributeValue[]
  /** Only those of these numbers. */
  readonly ids?: readonly number[] | undefined
  /** Those in which nothing happened, too (`sessions/eventful.ts`). */
  readonly withEmpty?: boolean | undefined
}

export interface AttributeValue {
  readonly key: string
  readonly value: string
}

/** Times are those of the quarters of an hour. */
export interface UsageReader {
  /** Reads slices for one filter, a day or an hour each: what a filter needs is prepared once. */
  reader(filter: SessionFilter): (span: Span) => Promise<UsageSlice>
  /**
   * From the first quarter of an hour that has something to the end of the last one before `untilMs`;
   * undefined when nothing has.
   */
  bounds(untilMs: number): Promise<Span | undefined>
  /** The first quarter of an hour from `fromMs` on that has something. */
  nextBucket(fromMs: number): Promise<number | undefined>
  /**
   * Quarter by quarter, in no order: for what can only be seen in their order, such as a cache that
   * went cold. It may be many.
   */
  buckets(filter: SessionFilter, span: Span): Promise<readonly ModelBucket[]>
  /** Those of these resource attributes and labels that sessions of these numbers have, in no order. */
  attributes(
    ids: readonly number[],
    keys: readonly string[],
    owner?: Owner,
  ): Promise<readonly AttributeOfSession[]>
  /** What sessions of these numbers worked on, in the order of sessions and segments. */
  work(ids: readonly number[], owner?: Owner): Promise<readonly WorkOfSession[]>
  /** Those of them that came to a commit or a pull request. */
  results(ids: readonly number[], owner?: Owner): Promise<readonly WorkOfSession[]>
  /** All stretches of work in which there is a pull request, of an owner's sessions if one is named. */
  pullRequests(owner?: Owner): Promise<readonly WorkOfSession[]>
}

/** A stretch of what a session worked on. */
export interface WorkOfSession extends WorkSegment {
  /** The session's number. */
  readonly session: number
}

export interface AttributeOfSession extends AttributeValue {
  /** The session's number. */
  readonly session: number
}

/** A session as it is listed: its facts as committed. A figure that is not known is 0. */
export interface ListedSession
  extends Omit<
    SessionRow<unknown>,
    'state' | 'labels' | 'firstPromptMs' | 'firstCommitMs' | 'isEmpty'
  > {
  readonly id: number
  /** Whose it is: the first that was known. */
  readonly owner: Owner
  /** The exporters that it goes to, where routes decided that; absent is all. */
  readonly route?: readonly string[] | undefined
}

/**
 * What sessions are ordered by: names without case (of ASCII letters), what has none before all others; a
 * session without a title is called by its id.
 */
export type SessionOrder =
  | ('last' | 'first' | 'cost' | 'tokens' | 'duration')
  | ('errors' | 'prompts' | 'calls' | 'tools')
  | ('title' | 'user' | 'project' | 'team' | 'agent')

/** A place in an order: sessions of equal value are in the order of their numbers. */
export interface SessionPlace {
  /** A text in the orders by names. */
  readonly value: number | string
  readonly id: number
}

export interface SessionQuestion {
  readonly filter: SessionFilter
  /** Sessions with something from this on, and before that. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  readonly state: 'any' | 'open' | 'closed'
  readonly order: SessionOrder
  readonly direction: 'asc' | 'desc'
}

/** A session with its place in the order asked for. */
export type PlacedSession = ListedSession & { readonly place: SessionPlace['value'] }

/**
 * Lists of sessions in an order, a page at a time: each page begins behind a place in that order,
 * so that what arrives meanwhile neither shifts nor doubles a row.
 */
export interface SessionLists {
  /** The next sessions behind a place. */
  page(
    question: SessionQuestion,
    after: SessionPlace | undefined,
    limit: number,
  ): Promise<readonly PlacedSession[]>
  /** How many there are of a question, on all its pages. */
  count(question: Omit<SessionQuestion, 'order' | 'direction'>): Promise<number>
  /** Those of these numbers, in any order. */
  byIds(ids: readonly number[]): Promise<readonly ListedSession[]>
  /** Those of these keys whose sessions are an owner's. */
  ownedKeys(keys: readonly string[], owner: Owner): Promise<ReadonlySet<string>>
  /** What these sessions are called, and whose they are, those that are there. */
  names(keys: readonly string[]): Promise<ReadonlyMap<string, SessionNames>>
  /** The keys of closed sessions that were last written before that, epoch ms; the oldest first. */
  writtenBefore(beforeMs: number): Promise<readonly string[]>
}

/** The index of what sessions are found by (`domain/search-texts.ts`). */
export interface SessionSearch {
  /** Numbers of the sessions that have a term in them, in no order; of an owner's, if one is named. */
  find(term: SearchTerm, owner?: Owner): Promise<readonly number[]>
  /** Whether records are still being indexed, so that not all of them can be found. */
  isCatchingUp(): Promise<boolean>
}

/** The state of a session as JSON, under its version. */
export interface StateText {
  readonly version: number
  readonly text: string
}

export interface SessionDetails {
  find(key: string): Promise<ListedSession | undefined>
  state(id: number): Promise<StateText | undefined>
  /** Resource attributes and labels as text, in the order of their names. */
  attributes(id: number): Promise<Readonly<Record<string, string>>>
  /** Whether any record was ever stored, also if it was deleted since. */
  hasAny(): Promise<boolean>
}

/** Who and where a session is, with what it cost. */
export interface SessionFacets
  extends Pick<SessionRow<unknown>, 'agent' | 'project' | 'team' | 'userId' | 'costUsd'> {}

export interface FacetRange {
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  /** Numbers of sessions, from this on and before that. */
  readonly fromId: number
  readonly toId: number
}

/** What sessions can be told apart by. */
export interface FacetReader {
  /** Behind the number of the newest session. */
  endId(): Promise<number>
  /** One by one; the caller adds them up. */
  sessions(filter: SessionFilter, range: FacetRange): Promise<readonly SessionFacets[]>
  /** Keys of resource attributes and labels, at most `limit`; of an owner's sessions, if one is named. */
  attributeKeys(limit: number, owner?: Owner): Promise<readonly string[]>
  /** The models ever called, at most `limit`; in an owner's sessions, if one is named. */
  models(limit: number, owner?: Owner): Promise<readonly string[]>
}

/**
 * Raw records, batch by batch in order of arrival. What is read at once is bounded in bytes: a large
 * batch is read in parts, each of which is a batch like any other. Positions are those of records;
 * a batch stands behind that of its last one. A batch that cannot be read (a damaged file) has no
 * records.
 */
export interface RecordReader {
  /** Of one session, behind a position; empty at the end. At most `limit`, and fewer where they are large. */
  batches(sessionKey: string, afterId: number, limit: number): Promise<readonly StoredBatch[]>
  /** Of all sessions, in the same way. */
  after(afterId: number, limit: number): Promise<readonly StoredBatch[]>
  /** Of all sessions, before a position, the newest first; only those of some signals. */
  before(beforeId: number, signals: readonly Signal[], limit: number): Promise<BatchesBefore>
  /** The record of a session at a position, as a batch of its own. */
  at(sessionKey: string, id: number): Promise<StoredBatch | undefined>
  /** How many records a session has; undefined when there is no such session. */
  countOf(sessionKey: string): Promise<number | undefined>
  /** The position behind the first batch of a session, which is there as long as its records are. */
  firstOf(sessionKey: string): Promise<number | undefined>
  /** Which signals a session has records of, each with the position of the newest. */
  signalsOf(sessionKey: string): Promise<ReadonlyMap<Signal, number>>
  /** The position of the newest record; 0 when there is none. */
  newest(): Promise<number>
}

export interface BatchesBefore {
  readonly batches: readonly StoredBatch[]
  /** What to ask with for those before them; undefined when there are none. */
  readonly beforeId: number | undefined
}

export interface WaitingCounts {
  /** Over all exporters: an item that two of them wait for counts twice. */
  readonly pending: number
  readonly dead: number
  readonly oldestPendingMs: number | undefined
  readonly exporters: readonly ExporterWaiting[]
}

/** What waits for one exporter. */
export interface ExporterWaiting {
  readonly name: string
  readonly pending: number
  readonly dead: number
  readonly oldestPendingMs: number | undefined
}

/** What still waits to be delivered. */
export interface WaitingReader {
  /** Keys of the sessions that something waits of. */
  keys(): Promise<ReadonlySet<string>>
  counts(): Promise<WaitingCounts>
}

export interface BudgetSession {
  readonly key: string
  readonly title: string | undefined
  readonly costUsd: number
}

export interface BudgetSessionQuestion {
  /** Closed sessions count when they had something since then, */
  readonly sinceMs: number
  /** and cost at least this. */
  readonly leastUsd: number
  readonly limit: number
  /** Whose; absent is everybody's. */
  readonly owner?: Owner | undefined
  /** Only those that have one of this kind, and that one if it is named. */
  readonly of?: 'user' | 'team' | 'project' | 'agent'
  readonly subject?: string
}

export interface BudgetReader {
  /** Of an owner's sessions, if one is named; not apart by quarters of an hour. */
  spending(span: Span, owner?: Owner): Promise<readonly SpentRow[]>
  /** Budgets that commands defined, by name. */
  defined(): Promise<readonly Budget[]>
  /** Open sessions, and recently closed ones that were expensive; the most expensive first. */
  sessions(question: BudgetSessionQuestion): Promise<readonly BudgetSession[]>
}

export interface PlanWindowReader {
  /** The newest first. */
  since(question: {
    readonly sinceMs: number
    readonly limit: number
    /** Whose; absent is everybody's. */
    readonly owner?: Owner | undefined
  }): Promise<readonly StoredReading[]>
}

/** A user of an agent, as far as sessions since some moment tell. */
export interface Reporter {
  /** Undefined for all who told none. */
  readonly userId: string | undefined
  readonly agent: string
  /** Of the newest session. */
  readonly team: string | undefined
  readonly sessions: number
  readonly firstMs: number
  readonly lastMs: number
  readonly newestSessionId: number
}

/** What the last records of a session tell of the program that sent them. */
export interface SessionTail {
  /** Attributes of the resource of its newest record. */
  readonly resource: Readonly<Record<string, unknown>>
  readonly scopeVersion: string
  /** Those among its last records, the newest first. */
  readonly signals: readonly Signal[]
  /** Of its newest metrics. */
  readonly temporality: 'delta' | 'cumulative' | undefined
  readonly prompts: number
  /** How many of those came with their text. */
  readonly promptTexts: number
}

/** Who reports, and with which programs. */
export interface FleetReader {
  /**
   * A row for each user and agent with something since then, the most recently active first. Test
   * records and sessions in which nothing happened do not count.
   */
  reporters(sinceMs: number, limit: number): Promise<readonly Reporter[]>
  /** A bounded look at the end of each session. */
  tails(sessionIds: readonly number[]): Promise<ReadonlyMap<number, SessionTail>>
}

export interface EventGap {
  readonly sessions: number
  /** US dollars that metrics alone told. */
  readonly metricsUsd: number
}

/** Sessions of which metrics arrive, and no events: their cost is known by metrics alone. */
export interface EventGapReader {
  /** Of sessions with something from that moment on. */
  since(ms: number): Promise<EventGap>
}
