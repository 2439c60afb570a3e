/**
 * What the page's API asks of the rest of the product: implemented over the store, delivery and
 * the receiver's counters, and by a fake in tests. In terms of the contract; no SQL, no Fastify.
 */
import type { Result } from '../domain/result.ts'
import type { Budgets } from './contract/budgets.ts'
import type { Changed, DeadSelection, Delivery } from './contract/delivery.ts'
import type { Facets, Filter } from './contract/filter.ts'
import type { LiveEvent, LiveRecent } from './contract/live.ts'
import type { Overview, OverviewQuery } from './contract/overview.ts'
import type { RawEvents, RawEventsQuery } from './contract/raw-events.ts'
import type { Deleted, Session } from './contract/session.ts'
import type { SessionList, SessionListQuery } from './contract/session-list.ts'
import type { Turn } from './contract/turn.ts'

/** A cursor that was not given out for this question: told to the client as `malformed`. */
export type BadCursor = 'bad_cursor'

/** Answers are committed facts. `undefined` means there is no such session or turn. */
export interface WebQueries {
  overview(query: OverviewQuery): Promise<Overview>
  facets(filter: Filter): Promise<Facets>
  sessions(query: SessionListQuery): Promise<Result<SessionList, BadCursor>>
  session(key: string): Promise<Session | undefined>
  turn(sessionKey: string, turnKey: string): Promise<Turn | undefined>
  events(
    sessionKey: string,
    query: RawEventsQuery,
  ): Promise<Result<RawEvents, BadCursor> | undefined>
  /** Deletes every row of it, also what waits for Langfuse; an open session is forgotten. */
  deleteSession(key: string): Promise<Deleted | undefined>
  delivery(): Promise<Delivery>
  retry(selection: DeadSelection): Promise<Changed>
  drop(selection: DeadSelection): Promise<Changed>
  budgets(): Promise<Budgets>
  /** Whether any record was ever stored. */
  hasArrived(): Promise<boolean>
  readonly live: LiveFeed
}

/** What a stream has to be told next. */
export interface LiveSlice {
  readonly events: readonly LiveEvent[]
  /** Up to where this slice looked: go on from here. Beyond the last event where some are hidden. */
  readonly position: number
  /** More is there already. */
  readonly more: boolean
}

export interface LiveFeed {
  recent(limit: number): Promise<LiveRecent>
  /** What was stored after a position, in order, at most `limit` events. */
  after(position: number, limit: number): Promise<LiveSlice>
  /** Calls back after each commit, without waiting; returns how to end it. */
  onCommitted(listener: () => void): () => void
}
