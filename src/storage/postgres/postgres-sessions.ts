/**
 * The session store over PostgreSQL. A commit is one transaction from the lock of its sessions to the
 * outbox: requests of one session that reach different replicas are folded one after the other, each over
 * the state that the one before left.
 *
 * A replica offers the states that it holds. The row's revision says whether one is still the newest; where
 * another replica has written the session since, its state is read.
 */
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
import type { StoredInputs } from '../../domain/stored-inputs.ts'
import type { StateFormat } from '../../domain/stored-state.ts'
import type { StoredBatch } from '../../domain/telemetry-record.ts'
import { createBoundedMap } from '../bounded-map.ts'
import { createSearchMemory } from '../search-memory.ts'
import { decidedRoutes } from '../session-routes.ts'
import type { StoreLog } from '../store-log.ts'
import { type ClaimPlaces, createClaimPlaces, isAskedBack } from '../transcript-moves.ts'
import { createBudgets, type UsedBySession } from './budgets.ts'
import type { Database, Statements } from './connection.ts'
import { insertItems } from './outbox-rows.ts'
import { takePositions } from './positions.ts'
import {
  batchesOf,
  insertBatches,
  insertControls,
  insertPrompts,
  type PlacedControl,
} from './record-rows.ts'
import type { ReferenceRows } from './reference-rows.ts'
import { isFree } from './replica.ts'
import { insertTexts, rebuildSearch, textsBySession } from './search-rows.ts'
import { keepUnknown } from './seen-records.ts'
import {
  type Labels,
  type LockedSession,
  lockSessions,
  type SessionName,
  writeAttributes,
  writeSessions,
} from './session-rows.ts'
import { createSessionStates, type Rebuilt, Unreadable } from './session-states.ts'
import { keyText } from './stored-values.ts'
import { askedBack, giveUp } from './transcript-moves.ts'
import { joinedOf, ownedOf, readSources } from './transcript-rows.ts'
import { addUsage } from './usage-rows.ts'
import type { Write } from './writer.ts'

const MAX_REMEMBERED = 10_000
/** Sessions of which it is remembered where their entries are. */
const MAX_PLACES = 2
/** For how long whoever takes a session that is due has time to advance it. */
const TICK_SECONDS = 10
/** Commits to one session by others that a session that is told again may be overtaken by. */
const MAX_REBUILDS = 5

interface PostgresSessionsDeps<S> {
  readonly database: Database
  readonly write: Write
  /** Number of this replica. */
  readonly self: number
  readonly clock: Clock
  readonly states: StateFormat<S>
  /** For states that cannot be read. */
  readonly inputs: StoredInputs
  /** Absent while no budget is set. */
  readonly budgets?: BudgetWatch<S> | undefined
  /** Absent where everything goes to every exporter. */
  readonly routes?: Routes | undefined
  readonly references: ReferenceRows
  /** Told after a commit that wrote something. */
  readonly onWritten: (outcome: Outcome<S>) => void
  readonly log: StoreLog
}

export interface PostgresSessions<S> extends Omit<SessionStore<S>, 'remove'> {
  /** Rows were changed behind its back: whatever it remembers of them is void. */
  forget(): void
}

/** What this process knows of a session's row, as its last commit left it. */
interface Known {
  readonly id: number
  readonly revision: number
  readonly labels: Labels
}

/** What a transaction did, to be believed once it is committed. */
interface Done<S> {
  readonly committed: Committed<S>
  readonly wrote: boolean
  readonly remember: () => void
}

export function createPostgresSessions<S>(deps: PostgresSessionsDeps<S>): PostgresSessions<S> {
  const { database, write, self, clock, states, references, routes, onWritten, log } = deps
  const budgets = deps.budgets && createBudgets({ watch: deps.budgets, log })
  const stored = createSessionStates(deps)
  const known = createBoundedMap<string, Known>(MAX_REMEMBERED)
  const places = createBoundedMap<number, ClaimPlaces>(MAX_PLACES)
  const indexed = createSearchMemory()
  let bareUntilMs: number | undefined

  function placesOf(sessionRef: number): ClaimPlaces {
    const of = places.get(sessionRef) ?? createClaimPlaces()
    places.set(sessionRef, of)
    return of
  }

  /** Only in stores that were moved here, and it never changes. */
  async function readBareUntil(): Promise<number> {
    if (bareUntilMs === undefined) {
      const [row] = await database.query<{ readonly until_ms: number | null }>(
        'select max(until_ms) as until_ms from bare_ids',
      )
      bareUntilMs = row?.until_ms ?? Number.NEGATIVE_INFINITY
    }
    return bareUntilMs
  }

  type Commit = Parameters<SessionStore<S>['commit']>

  async function commit([arrivals, keys, fold, held]: Commit): Promise<Done<S>> {
    const rebuilt = new Map<SessionKey, Rebuilt<S>>()
    const origins = await references.origins(arrivals.map(({ origin }) => origin))
    const policyRef = await references.policy(states.policy)
    const bareUntil = await readBareUntil()
    for (let rebuilds = 0; ; rebuilds += 1) {
      try {
        return await database.transaction((statements) =>
          attempt(statements, {
            ...{ arrivals, keys, fold, held, rebuilt, origins, policyRef },
            bareUntilMs: bareUntil,
          }),
        )
      } catch (error) {
        if (!(error instanceof Unreadable) || rebuilds === MAX_REBUILDS) throw error
        indexed.forget()
        for (const session of error.sessions) rebuilt.set(session[0], await stored.rebuild(session))
      }
    }
  }

  interface Attempt {
    readonly arrivals: readonly Arrival[]
    readonly keys: readonly SessionKey[]
    readonly fold: Fold<S>
    readonly held: ((key: SessionKey) => S | undefined) | undefined
    readonly rebuilt: ReadonlyMap<SessionKey, Rebuilt<S>>
    readonly origins: ReadonlyMap<Arrival['origin'], number>
    readonly policyRef: number
    readonly bareUntilMs: number
  }

  async function attempt(statements: Statements, given: Attempt): Promise<Done<S>> {
    const { arrivals, keys, fold, origins, policyRef } = given
    const nowMs = clock.now()
    const names = namesOf(arrivals)
    const locked = await lockSessions(statements, new Set([...keys, ...names.keys()]), names, nowMs)
    const refOf = ({ sessionKey }: Arrival) => idIn(locked, sessionKey)
    const itemsOf = (batch: StoredBatch) => states.itemsOf(batch)
    const underWay = { statements, kysely: database.kysely, itemsOf, refOf, placesOf }
    const sources = await readSources(
      statements,
      [...names.keys()].map((key) => idIn(locked, key)),
    )
    const surrendered = await giveUp(underWay, arrivals)
    const rest = arrivals.filter((arrival) => !isAskedBack(arrival))
    const owned = await ownedOf(underWay, rest, sources)
    const unknown = await keepUnknown(statements, owned, refOf, given.bareUntilMs)
    const joined = await joinedOf(underWay, unknown, sources)
    const fresh = [...surrendered, ...joined]
    const outcome = fold(fresh, await statesOf(statements, keys, locked, given))

    await lockOthers(statements, outcome, locked, nowMs)
    const written = new Set(outcome.sessions.map(({ key }) => key))
    // Only a session that was folded has controls, so its row is written now.
    const controls = (outcome.controls ?? []).filter(({ sessionKey }) => written.has(sessionKey))
    // One of them says for all of a session that it goes on with another one.
    const goingOn = new Map(surrendered.map((arrival) => [refOf(arrival), arrival])).values()
    const batches = batchesOf([...goingOn, ...joined], refOf)
    const positions = await takePositions(statements, [
      ...batches.map(({ records }) => records.length),
      ...controls.map(() => 1),
    ])
    const added = await insertBatches(statements, batches, { positions, origins, policyRef })
    await insertPrompts(statements, joined, refOf)
    const revisions = await writeSessions(
      statements,
      outcome.sessions.map((row) => {
        const id = idIn(locked, row.key)
        return { id, row, addedBytes: added.get(id) ?? 0 }
      }),
      states.version,
      nowMs,
    )
    await writeAttributes(statements, changedLabels(outcome.sessions, locked))
    // What a session gave up is not found in it any more.
    for (const ref of new Set(surrendered.map(refOf))) {
      indexed.forget()
      await rebuildSearch(statements, ref)
    }
    await insertTexts(
      statements,
      textsBySession(
        joined,
        refOf,
        outcome.sessions.map((row) => {
          const id = idIn(locked, row.key)
          return { id, texts: indexed.changesOf(id, row) }
        }),
      ).map(({ sessionRef, texts }) => {
        return { sessionRef, texts: indexed.unknownOf(sessionRef, texts) }
      }),
    )
    const placed = controls.map(({ sessionKey, control }, at): PlacedControl => {
      const position = positions[batches.length + at] as number
      return { sessionRef: idIn(locked, sessionKey), position, control }
    })
    await insertControls(statements, placed, policyRef)
    const used = outcome.usage.map((one): UsedBySession => {
      return { used: one, sessionRef: idIn(locked, one.session.key) }
    })
    const told = await tell(statements, outcome, used, policyRef, nowMs)
    await addUsage(
      statements,
      used.map(({ used: { usage }, sessionRef }) => ({ sessionRef, usage })),
      references,
    )
    const routed = await route(statements, outcome, arrivals, locked)
    await insertItems(statements, [...outcome.emissions, ...told.events], nowMs, (item) =>
      destinationsOf(item.sessionKey, locked, routed),
    )
    return {
      committed: { outcome, alerts: told.alerts },
      wrote: fresh.length + outcome.sessions.length + outcome.emissions.length > 0,
      remember: () => remember(outcome.sessions, locked, revisions),
    }
  }

  /** Decides where sessions go that are new, or of which nothing decided it so far. By their numbers. */
  async function route(
    statements: Statements,
    outcome: Outcome<S>,
    arrivals: readonly Arrival[],
    locked: ReadonlyMap<string, LockedSession>,
  ): Promise<ReadonlyMap<number, readonly string[]>> {
    const routed = new Map<number, readonly string[]>()
    if (routes === undefined) return routed
    const isDecided = (key: SessionKey) => locked.get(keyText(key))?.route !== null
    for (const { key, to } of decidedRoutes(routes, outcome, arrivals, isDecided)) {
      const id = idIn(locked, key)
      routed.set(id, to)
      await statements.run('update sessions set route = $2 where id = $1', [id, JSON.stringify(to)])
    }
    return routed
  }

  /** Undefined is every exporter that the settings configure. */
  function destinationsOf(
    key: SessionKey,
    locked: ReadonlyMap<string, LockedSession>,
    routed: ReadonlyMap<number, readonly string[]>,
  ): readonly string[] | undefined {
    if (routes === undefined) return undefined
    const session = locked.get(keyText(key))
    const decided = session?.route ?? null
    if (decided !== null) return JSON.parse(decided) as readonly string[]
    return (session && routed.get(session.id)) ?? routes.fallback
  }

  function remember(
    rows: readonly SessionRow<S>[],
    locked: ReadonlyMap<string, LockedSession>,
    revisions: ReadonlyMap<number, number>,
  ): void {
    for (const { key, labels } of rows) {
      const id = idIn(locked, key)
      const revision = revisions.get(id)
      if (revision !== undefined) known.set(keyText(key), { id, revision, labels })
    }
  }

  /** What this process knows of a row, if nobody has written it since. */
  function knownOf({ id, revision, session_key }: LockedSession): Known | undefined {
    const before = known.get(session_key)
    return before?.id === id && before.revision === revision ? before : undefined
  }

  function changedLabels(
    rows: readonly SessionRow<S>[],
    locked: ReadonlyMap<string, LockedSession>,
  ): { readonly id: number; readonly labels: Labels }[] {
    return rows.flatMap(({ key, labels }) => {
      const session = locked.get(keyText(key)) as LockedSession
      const before = knownOf(session)?.labels
      if (before === labels) return []
      const changed = Object.entries(labels).filter(([name, value]) => before?.[name] !== value)
      return changed.length === 0 ? [] : [{ id: session.id, labels: Object.fromEntries(changed) }]
    })
  }

  /** The states of sessions that have one: as offered where that is the newest, else as stored. */
  async function statesOf(
    statements: Statements,
    keys: readonly SessionKey[],
    locked: ReadonlyMap<string, LockedSession>,
    { held, rebuilt }: Attempt,
  ): Promise<ReadonlyMap<SessionKey, S>> {
    const found = new Map<SessionKey, S>()
    const toRead: (readonly [SessionKey, LockedSession])[] = []
    for (const key of new Set(keys)) {
      const session = locked.get(keyText(key))
      if (session === undefined) continue
      const told = rebuilt.get(key)
      const isTold = told?.id === session.id && told.revision === session.revision
      const state = (knownOf(session) && held?.(key)) ?? (isTold ? told.state : undefined)
      if (state !== undefined) found.set(key, state)
      else if (!isTold) toRead.push([key, session])
    }
    for (const [key, state] of await stored.read(statements, toRead)) found.set(key, state)
    return found
  }

  /** The alerts of the budgets that the commit is held against, and what sessions say of them. */
  async function tell(
    statements: Statements,
    outcome: Outcome<S>,
    used: readonly UsedBySession[],
    policyRef: number,
    nowMs: number,
  ) {
    const rows = new Map(outcome.sessions.map((row) => [row.key, row]))
    const raised = (await budgets?.spend(statements, used, nowMs)) ?? nothingRaised
    const alerts: BudgetAlert[] = []
    const decided: (readonly [number, BudgetAlert])[] = []
    const events: Outcome<S>['emissions'][number][] = []
    for (const [{ used: one, sessionRef }, ofSession] of raised) {
      const row = rows.get(one.session.key)
      for (const alert of ofSession) {
        alerts.push(alert)
        const said = row === undefined ? [] : (deps.budgets?.events(row.state, alert) ?? [])
        events.push(...said)
        if (said.length > 0) decided.push([sessionRef, alert])
      }
    }
    const positions = await takePositions(
      statements,
      decided.map(() => 1),
    )
    const controls = decided.map(([sessionRef, alert], at): PlacedControl => {
      return { sessionRef, position: positions[at] as number, control: { kind: 'budget', alert } }
    })
    await insertControls(statements, controls, policyRef)
    return { alerts, events }
  }

  return {
    forget: () => {
      known.clear()
      indexed.forget()
      references.forget()
    },
    commit: async (...given) => {
      const done = await write(() => commit(given)).catch((error: unknown) => {
        indexed.forget()
        throw error
      })
      done.remember()
      if (done.wrote) onWritten(done.committed.outcome)
      return done.committed
    },
    askedBack: (arrivals) => askedBack(database, arrivals),
    dueSessions: async (nowMs, limit) => {
      const rows = await write(() =>
        database.query<{ readonly session_key: string; readonly deadline_ms: number }>(
          `with due as (
             select id from sessions
             where deadline_ms <= $1 and (tick_until < now() or ${isFree('tick_owner', '$3')})
             order by deadline_ms limit $2 for update skip locked)
           update sessions s set tick_owner = $3::integer,
             tick_until = now() + interval '${TICK_SECONDS} seconds'
           from due where s.id = due.id returning s.session_key, s.deadline_ms`,
          [nowMs, limit, self],
        ),
      )
      return rows
        .toSorted((a, b) => a.deadline_ms - b.deadline_ms)
        .map(({ session_key }) => session_key)
    },
    nextDeadline: async () => {
      const [row] = await database.query<{ readonly ms: number | null }>(
        `select min(deadline_ms) as ms from sessions where deadline_ms is not null
           and (tick_owner is null or tick_until < now() or ${isFree('tick_owner', '$1')})`,
        [self],
      )
      return row?.ms ?? undefined
    },
    openSessions: async (limit) => {
      const rows = await database.query<{ readonly session_key: string }>(
        `select session_key from sessions where deadline_ms is not null
         order by last_ms limit $1`,
        [limit],
      )
      return rows.map(({ session_key }) => session_key)
    },
    countOpenSessions: async () => {
      const [row] = await database.query<{ readonly open: number }>(
        'select count(*) as open from sessions where deadline_ms is not null',
      )
      return row?.open ?? 0
    },
  }
}

const nothingRaised: ReadonlyMap<UsedBySession, readonly BudgetAlert[]> = new Map()

function namesOf(arrivals: readonly Arrival[]): Map<SessionKey, SessionName> {
  return new Map(
    arrivals.map(({ sessionKey: key, item: { agent, sessionId } }) => [
      key,
      { key, agent, sessionId },
    ]),
  )
}

/** Sessions of the outcome that nobody named before: they are locked, or made, now. */
async function lockOthers<S>(
  statements: Statements,
  { sessions, usage }: Outcome<S>,
  locked: Map<string, LockedSession>,
  nowMs: number,
): Promise<void> {
  const names = new Map<SessionKey, SessionName>()
  for (const name of [...sessions, ...usage.map(({ session }) => session)]) {
    if (!locked.has(keyText(name.key))) names.set(name.key, name)
  }
  if (names.size === 0) return
  for (const [key, session] of await lockSessions(statements, names.keys(), names, nowMs)) {
    locked.set(key, session)
  }
}

function idIn(locked: ReadonlyMap<string, LockedSession>, key: SessionKey): number {
  const session = locked.get(keyText(key))
  if (session === undefined) throw new Error(`session ${key} is not locked`)
  return session.id
}
