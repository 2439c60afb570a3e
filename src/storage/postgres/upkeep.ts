/**
 * What a store needs from time to time: the bounds of its outbox and its size every minute, retention at
 * the start and once a day, and the rest of deletions that were begun. In slices, each a transaction of
 * its own. Replicas take turns: a slice that another one is at is left to it. A slice that fails is tried
 * again with the next round.
 */
import type { Clock, Timer } from '../../domain/clock.ts'
import type { OutboxBounds, Upkeep } from '../store.ts'
import { type BoundSlice, createBoundTally } from '../outbox-bound-tally.ts'
import type { StoreLog } from '../store-log.ts'
import { beginChore, type Chore, endChore } from './chores.ts'
import type { Database, Statements } from './connection.ts'
import type { ForwardedItems } from './forwarded-items.ts'
import { boundOutbox, sweepLeftovers } from './outbox-limits.ts'
import type { PostgresQuarantine } from './quarantine.ts'
import { prune } from './retention.ts'
import type { SessionDeletion } from './session-deletion.ts'
import type { SizeBound } from './size-bound.ts'
import { totalOf } from './totals.ts'
import type { TraceRows } from './trace-rows.ts'
import type { Write } from './writer.ts'

interface UpkeepDeps {
  readonly database: Database
  readonly write: Write
  readonly self: number
  readonly deletion: SessionDeletion
  readonly sizeBound: SizeBound
  readonly quarantine: Pick<PostgresQuarantine, 'expire'>
  readonly forwarded: Pick<ForwardedItems, 'expire'>
  readonly traces: Pick<TraceRows, 'expire'>
  /** Indexes some of what the search has to read again; whether there may be more. */
  readonly catchUpSearch: (statements: Statements) => Promise<boolean>
  readonly outbox: OutboxBounds
  /** Exporters that deliver at present. */
  readonly exporters: readonly string[]
  /** Told when there is nothing more to do for now. */
  readonly onRest: () => void
  /** 0 keeps for ever. */
  readonly retentionMs: number
  readonly clock: Clock
  readonly log: StoreLog
}

const ROUND_MS = 60_000
const DAY_MS = 86_400_000
const PAUSE_MS = 20
/** Held during a slice that only one replica is to be at. Any number will do, as long as it stays. */
const UPKEEP_LOCK = 7_251_403_118_600_006n

export interface RunningUpkeep extends Upkeep {
  /** Resolves once nothing of it is under way. */
  stop(): Promise<void>
}

export function createUpkeep(deps: UpkeepDeps): RunningUpkeep {
  const { database, write, self, deletion, sizeBound, exporters, retentionMs, clock, log } = deps
  let timer: Timer | undefined
  let working: Promise<void> | undefined
  let stopped = false
  /** The retention that this replica is at. */
  let chore: Chore | undefined
  const tally = createBoundTally(log)

  /** Each is one slice of work, and says whether there is more. */
  const slices: readonly (() => Promise<boolean>)[] = [
    bound,
    () => alone(sweepLeftovers),
    () => deletion.sweep(),
    retain,
    () => sizeBound.enforce(),
    () => deps.quarantine.expire(clock.now()),
    () => deps.forwarded.expire(clock.now()),
    () => deps.traces.expire(clock.now()),
    () => database.transaction(deps.catchUpSearch),
  ]

  /** Nothing where another replica is at it. */
  function alone(work: (statements: Statements) => Promise<boolean>): Promise<boolean> {
    return database.transaction(async (statements) => {
      const [row] = await statements.query<{ readonly got: boolean }>(
        'select pg_try_advisory_xact_lock($1) as got',
        [UPKEEP_LOCK],
      )
      return row?.got === true && (await work(statements))
    })
  }

  async function bound(): Promise<boolean> {
    let slice: BoundSlice = { expired: 0, dropped: 0, more: false }
    await alone(async (statements) => {
      slice = await boundOutbox(statements, deps.outbox, clock.now())
      return slice.more
    })
    return tally(slice)
  }

  async function retain(): Promise<boolean> {
    if (retentionMs === 0) return false
    const nowMs = clock.now()
    if (chore === undefined) {
      const span = Math.min(DAY_MS, retentionMs)
      // With another retention it is another chore: it begins at once.
      const next = { name: `retention of ${retentionMs} ms`, bucket: Math.floor(nowMs / span) }
      if (!(await beginChore(database, next, self))) return false
      chore = next
    }
    if (await prune(database, deletion, exporters, nowMs - retentionMs)) return true
    await endChore(database, chore)
    chore = undefined
    return false
  }

  async function work(): Promise<void> {
    const more = await workOnce()
    if (!more && !stopped) deps.onRest()
    after(more ? PAUSE_MS : ROUND_MS)
  }

  async function workOnce(): Promise<boolean> {
    try {
      for (const slice of slices) {
        if (stopped) return false
        if (await write(slice)) return true
      }
    } catch (error) {
      if (!stopped) log.error({ err: error }, 'store maintenance failed, retrying')
    }
    return false
  }

  function after(delayMs: number): void {
    if (stopped) return
    timer = clock.setTimer(() => {
      working = work()
    }, delayMs)
  }

  return {
    start: () => after(0),
    dropped: () => totalOf(database, 'outbox_dropped'),
    stop: async () => {
      stopped = true
      timer?.cancel()
      await working
    },
  }
}
