/**
 * The states of sessions as they are stored. One that cannot be read ends the transaction that needs it, and
 * is told again from the records of its session.
 */
import type { SessionKey } from '../../domain/identity.ts'
import type { StoredInputs } from '../../domain/stored-inputs.ts'
import type { StateFormat } from '../../domain/stored-state.ts'
import type { StoreLog } from '../store-log.ts'
import type { Statements } from './connection.ts'
import { type LockedSession, readStates } from './session-rows.ts'

/** Close reason of a session whose state can neither be read nor told again. */
const UNREADABLE = 'unreadable_state'

/** A state that was told again; undefined where nothing could be told. */
export interface Rebuilt<S> {
  readonly id: number
  readonly revision: number
  readonly state: S | undefined
}

/** Leaves the transaction: a session has to be told again first. */
export class Unreadable extends Error {
  /** Each with the reason. */
  readonly sessions: readonly (readonly [SessionKey, LockedSession, string])[]

  constructor(sessions: Unreadable['sessions']) {
    super('a stored session cannot be read')
    this.sessions = sessions
  }
}

export interface SessionStates<S> {
  /** The states of sessions that have one. Rejects with `Unreadable` where one of them cannot be read. */
  read(
    statements: Statements,
    sessions: readonly (readonly [SessionKey, LockedSession])[],
  ): Promise<ReadonlyMap<SessionKey, S>>
  /** Slow where there are many records, so it is said. */
  rebuild(session: Unreadable['sessions'][number]): Promise<Rebuilt<S>>
}

interface SessionStatesDeps<S> {
  readonly database: Statements
  readonly states: StateFormat<S>
  readonly inputs: StoredInputs
  readonly log: StoreLog
}

export function createSessionStates<S>(deps: SessionStatesDeps<S>): SessionStates<S> {
  const { database, states, inputs, log } = deps

  /** Records may be damaged as well: then the session is lost, and what comes of it is not. */
  async function rebuiltOrNothing(sessionKey: SessionKey): Promise<S | undefined> {
    try {
      return await states.rebuild(sessionKey, inputs)
    } catch (error) {
      const message = 'cannot rebuild a stored session from its records'
      log.error({ sessionKey, err: error }, message)
      return undefined
    }
  }

  return {
    read: async (statements, sessions) => {
      const found = new Map<SessionKey, S>()
      const rows = await readStates(
        statements,
        sessions.map(([, { id }]) => id),
      )
      const unreadable: (readonly [SessionKey, LockedSession, string])[] = []
      for (const [key, session] of sessions) {
        const row = rows.get(session.id)
        if (row === undefined) continue
        const state = states.read({
          sessionKey: key,
          ...row,
          title: session.title ?? undefined,
          firstPromptMs: session.first_prompt_ms ?? undefined,
          firstCommitMs: session.first_commit_ms ?? undefined,
        })
        if (state.ok) found.set(key, state.value)
        else unreadable.push([key, session, state.error])
      }
      if (unreadable.length > 0) throw new Unreadable(unreadable)
      return found
    },
    rebuild: async ([sessionKey, { id, revision }, reason]) => {
      const state = await rebuiltOrNothing(sessionKey)
      if (state !== undefined) {
        const message = 'cannot read a stored session; rebuilt it from its records'
        log.warn({ sessionKey, reason }, message)
        return { id, revision, state }
      }
      // Left open it would be due for ever: nobody can advance it.
      await database.run(
        `update sessions set deadline_ms = null, close_reason = $2 where id = $1 and revision = $3`,
        [id, UNREADABLE, revision],
      )
      log.warn({ sessionKey, reason }, 'cannot read a stored session; it starts over')
      return { id, revision, state }
    },
  }
}
