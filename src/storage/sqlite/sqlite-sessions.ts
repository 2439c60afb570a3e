/**
 * The session store over SQLite. A commit is one synchronous transaction from the duplicate
 * filter to the outbox: nothing can run between its parts, and either all of it is on the disk
 * when it returns, or nothing.
 */
import { sql } from 'kysely'
import type { BudgetAlert, BudgetWatch } from '../../domain/budget.ts'
import type { Clock } from '../../domain/clock.ts'
import type { SessionKey } from '../../domain/identity.ts'
import type {
  Arrival,
  Committed,
  Fold,
  Outcome,
  SessionRow,
  SessionStore,
} from '../../domain/session-store.ts'
import type { Routes } from '../../domain/routing.ts'
import { givesTextsUp, searchTextsOf } from '../../domain/search-texts.ts'
import type { StateFormat } from '../../domain/stored-state.ts'
import { createBudgetEvaluator } from './budget-evaluator.ts'
import type { StoredBatch } from '../../domain/telemetry-record.ts'
import type { Connection } from './connection.ts'
import { createAttributeRows } from './attribute-rows.ts'
import { createControlRows } from './control-rows.ts'
import { decidedRoutes } from '../session-routes.ts'
import type { StoreLog } from '../store-log.ts'
import type { IdBlocks } from './id-blocks.ts'
import { createOriginRows } from './origin-rows.ts'
import type { OutboxTable } from './outbox-table.ts'
import { prepare } from './prepared.ts'
import { createQuietSessions } from './quiet-sessions.ts'
import { createRecordRows } from './record-rows.ts'
import type { SearchRows } from './search-rows.ts'
import type { StoredSession } from './session-deletion.ts'
import { createSessionRows } from './session-rows.ts'
import { createTranscriptRows } from './transcript-rows.ts'
import { createUsageRows } from './usage-rows.ts'
import type { Write } from './writer.ts'

interface SqliteSessionsDeps<S> {
  readonly connection: Connection
  readonly clock: Clock
  readonly states: StateFormat<S>
  /** Absent while no budget is set. */
  readonly budgets?: BudgetWatch<S> | undefined
  /** Absent where everything goes to every exporter. */
  readonly routes?: Routes | undefined
  readonly ids: IdBlocks
  readonly outbox: OutboxTable
  readonly search: SearchRows
  readonly write: Write
  /** Told after a commit that wrote something. */
  readonly onWritten: () => void
  readonly log: StoreLog
}

export interface SqliteSessions<S> extends Omit<SessionStore<S>, 'remove'> {
  /** Sessions were deleted behind its back: what it remembers of them is void. */
  forgetDeleted(sessions: readonly StoredSession[]): void
  /** Rows were changed behind its back: whatever it remembers of them is void. */
  forget(): void
}

export function createSqliteSessions<S>(deps: SqliteSessionsDeps<S>): SqliteSessions<S> {
  const { connection, clock, budgets, routes, ids, outbox, search, write, onWritten, log } = deps
  const { handle, kysely } = connection
  const origins = createOriginRows(connection)
  const attributes = createAttributeRows(connection)
  const sessions = createSessionRows<S>({ ...deps, attributes })
  const itemsOf = (batch: StoredBatch) => deps.states.itemsOf(batch)
  const transcripts = createTranscriptRows({ connection, itemsOf })
  const records = createRecordRows({ connection, ids, origins, transcripts })
  const controls = createControlRows({ connection, ids, policy: deps.states.policy })
  const usage = createUsageRows(connection)
  const evaluator = budgets && createBudgetEvaluator({ connection, watch: budgets, log })

  const transaction = handle.transaction(
    (
      arrivals: readonly Arrival[],
      storedStates: () => ReadonlyMap<SessionKey, S>,
      fold: Fold<S>,
    ) => {
      const nowMs = clock.now()
      const stored = storedStates()
      controls.notePolicy()
      const fresh = records.keepFresh(arrivals, ({ sessionKey, item }) =>
        sessions.refOf({ key: sessionKey, agent: item.agent, sessionId: item.sessionId }, nowMs),
      )
      const outcome = fold(fresh, stored)
      for (const row of outcome.sessions) sessions.write(row, nowMs)
      index(fresh, outcome.sessions, nowMs)
      const rows = new Map(outcome.sessions.map((row) => [row.key, row]))
      for (const { sessionKey, control } of outcome.controls ?? []) {
        // Only a session that was folded has controls, so its row was written just now.
        const row = rows.get(sessionKey)
        if (row !== undefined) controls.insert(sessions.refOf(row, nowMs), control)
      }
      if (routes !== undefined) {
        const isDecided = (key: SessionKey) => sessions.routeOf(key) !== undefined
        for (const { key, to } of decidedRoutes(routes, outcome, arrivals, isDecided)) {
          sessions.putRoute(key, to)
        }
      }
      for (const emission of outcome.emissions) {
        outbox.insert(emission, nowMs, destinationsOf(emission.sessionKey))
      }
      const committed: Committed<S> = { outcome, alerts: spend(outcome, rows, nowMs) }
      const wrote = fresh.length + outcome.sessions.length + outcome.emissions.length > 0
      return { committed, wrote }
    },
  )

  /** Makes sessions found by what came of them. */
  function index(fresh: readonly Arrival[], rows: readonly SessionRow<S>[], nowMs: number): void {
    const texts = new Map<number, string[]>()
    const ofSession = (ref: number): string[] => {
      const known = texts.get(ref)
      if (known !== undefined) return known
      const own: string[] = []
      texts.set(ref, own)
      return own
    }
    for (const { sessionKey: key, item } of fresh) {
      const ref = sessions.refOf({ key, agent: item.agent, sessionId: item.sessionId }, nowMs)
      // Its records are changed already.
      if (givesTextsUp(item)) search.rebuild(ref)
      else ofSession(ref).push(...searchTextsOf(item))
    }
    for (const row of rows) {
      const ref = sessions.refOf(row, nowMs)
      ofSession(ref).push(...search.changesOf(ref, row))
    }
    for (const [ref, own] of texts) search.add(ref, own)
  }

  /** Undefined is every exporter that the settings configure. */
  function destinationsOf(key: SessionKey): readonly string[] | undefined {
    return routes && (sessions.routeOf(key) ?? routes.fallback)
  }

  /** Adds what was used, and returns the alerts of the budgets that it is held against. */
  function spend(
    outcome: Outcome<S>,
    rows: ReadonlyMap<SessionKey, SessionRow<S>>,
    nowMs: number,
  ): BudgetAlert[] {
    return outcome.usage.flatMap((used) => {
      const ref = sessions.refOf(used.session, nowMs)
      const alerts = evaluator?.spend(used, ref, nowMs) ?? []
      usage.add(ref, used.usage)
      const row = rows.get(used.session.key)
      if (alerts.length > 0 && row !== undefined) tell(alerts, row.state, ref, nowMs)
      return alerts
    })
  }

  /** What a session says of alerts, with the alerts themselves: they decided it. */
  function tell(alerts: readonly BudgetAlert[], state: S, sessionRef: number, nowMs: number): void {
    for (const alert of alerts) {
      const events = budgets?.events(state, alert) ?? []
      for (const event of events) outbox.insert(event, nowMs, destinationsOf(event.sessionKey))
      if (events.length > 0) controls.insert(sessionRef, { kind: 'budget', alert })
    }
  }

  function forget(): void {
    origins.forget()
    attributes.forget()
    controls.forget()
    transcripts.forget()
    ids.forget()
    sessions.forget()
    usage.forget()
    search.forget()
    evaluator?.forget()
  }

  /** Asked whenever a session begins. */
  const countOpen = prepare(connection, () =>
    kysely
      .selectFrom('sessions')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('deadline_ms', 'is not', sql.lit(null)),
  )
  const open = kysely.selectFrom('sessions').where('deadline_ms', 'is not', sql.lit(null))
  const due = prepare(connection, ({ nowMs, limit }: { nowMs: number; limit: number }) =>
    open
      .select('session_key')
      .where('deadline_ms', '<=', nowMs)
      .orderBy('deadline_ms')
      .limit(limit),
  )
  const earliestDeadline = prepare(connection, () =>
    open.select((eb) => eb.fn.min('deadline_ms').as('deadline_ms')),
  )
  const quietSessions = createQuietSessions(connection)

  return {
    // Ids are never given twice, so what is remembered by them does no harm.
    forgetDeleted: (deleted) => {
      sessions.forget()
      for (const { writtenMs } of deleted) evaluator?.deleted(writtenMs)
    },
    forget,
    commit: async (arrivals, keys, fold, held = () => undefined) => {
      try {
        const known = new Map<SessionKey, S>()
        for (const key of keys) {
          const state = held(key)
          if (state !== undefined) known.set(key, state)
        }
        // No other process writes states: the folder's lock sees to that.
        const stored = await sessions.load(keys.filter((key) => !known.has(key)))
        const states = () => {
          const there = [...known].filter(([key]) => sessions.isStored(key))
          return new Map([...there, ...stored()])
        }
        const { committed, wrote } = await write(() =>
          // Immediate: a lock taken later than the first read could be refused half-way.
          outbox.counted(() => transaction.immediate(arrivals, states, fold)),
        )
        if (wrote) onWritten()
        return committed
      } catch (error) {
        forget()
        throw error
      }
    },
    askedBack: async (arrivals) => transcripts.moves.askedBack(arrivals),
    dueSessions: async (nowMs, limit) => due.all({ nowMs, limit }).map((row) => row.session_key),
    nextDeadline: async () => earliestDeadline.get({})?.deadline_ms ?? undefined,
    openSessions: async (limit) => quietSessions(limit),
    countOpenSessions: async () => countOpen.get({})?.count ?? 0,
  }
}
