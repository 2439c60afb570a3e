/**
 * Which sessions a question is about. The one place that turns a filter into SQL, so that lists
 * and sums mean the same sessions.
 */
import { type SelectQueryBuilder, sql } from 'kysely'
import type { Owner } from '../../domain/access.ts'
import { DOCTOR_SESSION_PREFIX } from '../../domain/identity.ts'
import type { SessionFilter, SessionQuestion } from '../store-reader.ts'
import type { SharedTables } from './dialect.ts'
import type { SharedSchema } from './schema.ts'

export type Sessions = SelectQueryBuilder<SharedSchema, 'sessions', object>

/** Those of an owner; of everybody where none is named. */
export function sessionsOf({ kysely, dialect }: SharedTables, owner: Owner | undefined): Sessions {
  let query: Sessions = kysely.selectFrom('sessions')
  if (owner?.team !== undefined) query = query.where('owner_team', '=', dialect.text(owner.team))
  if (owner?.user !== undefined) query = query.where('owner_user', '=', dialect.text(owner.user))
  return query
}

/**
 * The sessions of a filter, from which columns can be selected: without those of test records and,
 * unless they are asked for, those in which nothing happened.
 */
export function sessionsMatching(tables: SharedTables, filter: SessionFilter): Sessions {
  const { text, key, amongSessions, isValue, isEventful } = tables.dialect
  const { owner, agent, project, team, user, model, attributes, ids, withEmpty = false } = filter
  let query: Sessions = sessionsOf(tables, owner).where(
    'session_id',
    'not like',
    `${DOCTOR_SESSION_PREFIX}%`,
  )
  if (!withEmpty) query = query.where(isEventful)
  if (ids !== undefined) query = query.where(amongSessions(ids))
  if (agent !== undefined) query = query.where('agent', '=', text(agent))
  if (project !== undefined) query = query.where('project', '=', text(project))
  if (team !== undefined) query = query.where('team', '=', text(team))
  if (user !== undefined) {
    query = query.where((eb) =>
      eb.or([
        eb('user_id', '=', text(user)),
        // As an application around the agent names its user.
        eb(
          'sessions.id',
          'in',
          eb
            .selectFrom('session_attributes')
            .select('session_ref')
            .where('key', 'in', ['user.id', 'enduser.id'])
            .where(isValue(user)),
        ),
      ]),
    )
  }
  if (model !== undefined) {
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('model_usage')
          .select(sql.lit(1).as('one'))
          .whereRef('session_ref', '=', 'sessions.id')
          .where('model', '=', key(model)),
      ),
    )
  }
  for (const { key: name, value } of attributes) {
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('session_attributes')
          .select(sql.lit(1).as('one'))
          .whereRef('session_ref', '=', 'sessions.id')
          .where('key', '=', key(name))
          .where(isValue(value)),
      ),
    )
  }
  return query
}

/** Those that have a record in the range and are in the state asked for. */
export function inQuestion(
  sessions: Sessions,
  { fromMs, toMs, state }: Pick<SessionQuestion, 'fromMs' | 'toMs' | 'state'>,
): Sessions {
  let query = sessions.where('last_ms', 'is not', null)
  if (fromMs !== undefined) query = query.where('last_ms', '>=', fromMs)
  if (toMs !== undefined) query = query.where('first_ms', '<', toMs)
  if (state === 'open') query = query.where('deadline_ms', 'is not', null)
  if (state === 'closed') query = query.where('deadline_ms', 'is', null)
  return query
}
