/**
 * The rows of sessions: found or made by key, read for the fold, written after it. What a state
 * means is not known here; it goes in and out as JSON under a version.
 */
import { sql } from 'kysely'
import { ownerOfSession, type SessionKey } from '../../domain/identity.ts'
import type { SessionRow } from '../../domain/session-store.ts'
import type { StateFormat } from '../../domain/stored-state.ts'
import type { AttributeRows } from './attribute-rows.ts'
import { createBoundedMap } from '../bounded-map.ts'
import type { Connection } from './connection.ts'
import type { StoreLog } from '../store-log.ts'
import { type NewRow, prepare } from './prepared.ts'
import { createRecordBatches } from './queries/record-batches.ts'
import { createSessionInputs } from './queries/session-inputs.ts'

const MAX_REMEMBERED = 10_000
/** Close reason of a session whose state can neither be read nor told again. */
const UNREADABLE = 'unreadable_state'

/** What names a session. */
export type SessionName = Pick<SessionRow<unknown>, 'key' | 'agent' | 'sessionId'>

type NameColumns = Pick<NewRow<'sessions'>, 'session_key' | 'agent' | 'session_id'>
/** Decided once. */
type OwnerColumns = Pick<NewRow<'sessions'>, 'owner_team' | 'owner_user'>
/** Written after each fold. */
type FoldedColumns = Omit<NewRow<'sessions'>, keyof NameColumns | keyof OwnerColumns | 'route'>

export interface SessionRows<S> {
  /** The id of the session's row, which is made when there is none. */
  refOf(name: SessionName, nowMs: number): number
  /**
   * The states of those among `keys` that have one. One that cannot be read is told again from what
   * is stored of the session, so this comes before anything new is. What it resolves to gives them
   * inside the transaction, without sessions that were deleted meanwhile.
   */
  load(keys: readonly SessionKey[]): Promise<() => ReadonlyMap<SessionKey, S>>
  /** Whether the session has a row: upkeep deletes closed ones. */
  isStored(key: SessionKey): boolean
  write(row: SessionRow<S>, nowMs: number): void
  /** Where it was decided that a session goes; undefined while that is open. */
  routeOf(key: SessionKey): readonly string[] | undefined
  /** Decides it, for good. */
  putRoute(key: SessionKey, route: readonly string[]): void
  /** After a rollback: ids given since the last commit may be void. */
  forget(): void
}

interface SessionRowsDeps<S> {
  readonly connection: Connection
  readonly states: StateFormat<S>
  readonly log: StoreLog
  readonly attributes: AttributeRows
}

export function createSessionRows<S>(deps: SessionRowsDeps<S>): SessionRows<S> {
  const { connection, states, log, attributes } = deps
  const { kysely } = connection
  const inputs = createSessionInputs(connection, createRecordBatches(connection))
  const refs = createBoundedMap<SessionKey, number>(MAX_REMEMBERED)

  const find = prepare(connection, ({ key }: { key: SessionKey }) =>
    kysely
      .selectFrom('sessions')
      .leftJoin('session_states', 'session_ref', 'sessions.id')
      .select(['sessions.id', 'state', 'version', 'title', 'first_prompt_ms', 'first_commit_ms'])
      .where('session_key', '=', key),
  )
  const findId = prepare(connection, ({ key }: { key: SessionKey }) =>
    kysely.selectFrom('sessions').select('id').where('session_key', '=', key),
  )
  const insert = prepare(connection, (row: NameColumns & Pick<FoldedColumns, 'updated_ms'>) =>
    kysely.insertInto('sessions').values(row),
  )
  const putState = prepare(connection, (row: NewRow<'session_states'>) =>
    kysely
      .insertInto('session_states')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('session_ref').doUpdateSet((eb) => ({
          version: eb.ref('excluded.version'),
          state: eb.ref('excluded.state'),
        })),
      ),
  )
  const update = prepare(
    connection,
    ({ id, owner_team, owner_user, ...row }: FoldedColumns & OwnerColumns & { id: number }) =>
      kysely
        .updateTable('sessions')
        .set({
          ...row,
          // Whose it is stays, whoever it names later.
          owner_team: sql<string | null>`coalesce(owner_team, ${owner_team})`,
          owner_user: sql<string | null>`coalesce(owner_user, ${owner_user})`,
        })
        .where('id', '=', id),
  )
  const findRoute = prepare(connection, ({ key }: { key: SessionKey }) =>
    kysely.selectFrom('sessions').select('route').where('session_key', '=', key),
  )
  const setRoute = prepare(connection, ({ key, route }: { key: SessionKey; route: string }) =>
    kysely.updateTable('sessions').set({ route }).where('session_key', '=', key),
  )
  const routes = createBoundedMap<SessionKey, readonly string[]>(MAX_REMEMBERED)
  const closeUnreadable = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .updateTable('sessions')
      .set({ deadline_ms: null, close_reason: UNREADABLE })
      .where('id', '=', id),
  )

  function refOf({ key, agent, sessionId }: SessionName, nowMs: number): number {
    const known = refs.get(key) ?? findId.get({ key })?.id
    if (known !== undefined) return remember(known)
    const row = { session_key: key, agent, session_id: sessionId, updated_ms: nowMs }
    return remember(Number(insert.run(row).lastInsertRowid))

    function remember(ref: number): number {
      refs.set(key, ref)
      return ref
    }
  }

  /** Told again: slow where there are many records, so it is said. */
  async function rebuilt(sessionKey: SessionKey, id: number, reason: string) {
    const state = await rebuiltOrNothing(sessionKey)
    if (state === undefined) {
      // Left open it would be due for ever: nobody can advance it.
      closeUnreadable.run({ id })
      log.warn({ sessionKey, reason }, 'cannot read a stored session; it starts over')
      return undefined
    }
    log.warn({ sessionKey, reason }, 'cannot read a stored session; rebuilt it from its records')
    return state
  }

  /** Records may be damaged as well: then the session is lost, and what comes of it is not. */
  async function rebuiltOrNothing(sessionKey: SessionKey): Promise<S | undefined> {
    try {
      return await states.rebuild(sessionKey, inputs)
    } catch (error) {
      log.error({ sessionKey, err: error }, 'cannot rebuild a stored session from its records')
      return undefined
    }
  }

  return {
    refOf,
    load: async (keys) => {
      const loaded: { readonly sessionKey: SessionKey; readonly id: number; readonly value: S }[] =
        []
      for (const sessionKey of keys) {
        const found = find.get({ key: sessionKey })
        if (found?.state == null || found.version === null) continue
        const state = states.read({
          sessionKey,
          version: found.version,
          text: found.state,
          title: found.title ?? undefined,
          firstPromptMs: found.first_prompt_ms ?? undefined,
          firstCommitMs: found.first_commit_ms ?? undefined,
        })
        const value = state.ok ? state.value : await rebuilt(sessionKey, found.id, state.error)
        if (value !== undefined) loaded.push({ sessionKey, id: found.id, value })
      }
      return () => {
        const there = loaded.filter(({ sessionKey: key, id }) => findId.get({ key })?.id === id)
        return new Map(there.map(({ sessionKey, value }) => [sessionKey, value]))
      }
    },
    isStored: (key) => (refs.get(key) ?? findId.get({ key })) !== undefined,
    write: (row, nowMs) => {
      const id = refOf(row, nowMs)
      update.run({ id, ...ownerColumns(row), ...foldedColumns(row, nowMs) })
      putState.run({ session_ref: id, version: states.version, state: JSON.stringify(row.state) })
      attributes.keep(id, row.labels)
    },
    routeOf: (key) => {
      const known = routes.get(key)
      if (known !== undefined) return known
      const stored = findRoute.get({ key })?.route ?? null
      if (stored === null) return undefined
      const route = JSON.parse(stored) as readonly string[]
      routes.set(key, route)
      return route
    },
    putRoute: (key, route) => {
      setRoute.run({ key, route: JSON.stringify(route) })
      routes.set(key, route)
    },
    forget: () => {
      refs.clear()
      routes.clear()
    },
  }
}

/** The key that it came under says it; without one, the session itself. */
function ownerColumns({ key, team, userId }: SessionRow<unknown>): OwnerColumns {
  const owner = ownerOfSession(key)
  return { owner_team: owner?.team ?? team ?? null, owner_user: owner?.user ?? userId ?? null }
}

function foldedColumns<S>(row: SessionRow<S>, nowMs: number): FoldedColumns {
  return {
    user_id: row.userId ?? null,
    title: row.title ?? null,
    project: row.project ?? null,
    team: row.team ?? null,
    deadline_ms: row.deadlineMs ?? null,
    close_reason: row.closeReason ?? null,
    first_ms: row.firstMs,
    last_ms: row.lastMs,
    first_prompt_ms: row.firstPromptMs ?? null,
    first_commit_ms: row.firstCommitMs ?? null,
    updated_ms: nowMs,
    cost_usd: row.costUsd,
    estimated_usd: row.estimatedUsd,
    metrics_usd: row.metricsUsd,
    unpriced_calls: row.unpricedCalls,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    cache_read_tokens: row.cacheReadTokens,
    cache_creation_tokens: row.cacheCreationTokens,
    prompts: row.prompts,
    model_calls: row.modelCalls,
    tool_results: row.toolResults,
    errors: row.errors,
    is_empty: row.isEmpty === true ? 1 : 0,
  }
}
