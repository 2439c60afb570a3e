/**
 * Which sessions a question is about. The one place that turns a filter into SQL, so that lists
 * and sums mean the same sessions.
 */
import { type ExpressionBuilder, type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { Owner } from '../../../domain/access.ts'
import { DOCTOR_SESSION_PREFIX } from '../../../domain/identity.ts'
import type { SessionFilter, SessionQuestion } from '../../store-reader.ts'
import type { Schema } from '../schema.ts'
import { keyText, plainText } from '../stored-values.ts'

export type Sessions = SelectQueryBuilder<Schema, 'sessions', object>

/** Those of an owner; of everybody where none is named. */
export function ownedBy(sessions: Sessions, owner: Owner | undefined): Sessions {
  let query = sessions
  if (owner?.team !== undefined) query = query.where('owner_team', '=', plainText(owner.team))
  if (owner?.user !== undefined) query = query.where('owner_user', '=', plainText(owner.user))
  return query
}

/**
 * The sessions of a filter, from which columns can be selected: without those of test records and,
 * unless they are asked for, those in which nothing happened.
 */
export function sessionsMatching(kysely: Kysely<Schema>, filter: SessionFilter): Sessions {
  const { owner, agent, project, team, user, model, attributes, ids, withEmpty = false } = filter
  let query: Sessions = ownedBy(kysely.selectFrom('sessions'), owner).where(
    'session_id',
    'not like',
    `${DOCTOR_SESSION_PREFIX}%`,
  )
  if (!withEmpty) query = query.where('is_empty', '=', sql.lit(false))
  if (ids !== undefined) query = query.where(among('sessions.id', ids))
  if (agent !== undefined) query = query.where('agent', '=', plainText(agent))
  if (project !== undefined) query = query.where('project', '=', plainText(project))
  if (team !== undefined) query = query.where('team', '=', plainText(team))
  if (user !== undefined) {
    query = query.where((eb) =>
      eb.or([
        eb('user_id', '=', plainText(user)),
        // As an application around the agent names its user.
        eb(
          'sessions.id',
          'in',
          withValue(eb, ['user.id', 'enduser.id'], user).select('session_ref'),
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
          .where('model', '=', keyText(model)),
      ),
    )
  }
  for (const { key, value } of attributes) {
    query = query.where((eb) =>
      eb.exists(
        withValue(eb, [keyText(key)], value)
          .select(sql.lit(1).as('one'))
          .whereRef('session_ref', '=', 'sessions.id'),
      ),
    )
  }
  return query
}

/** Attributes of a value, by the index, which holds digests. */
function withValue(eb: ExpressionBuilder<Schema, 'sessions'>, keys: string[], value: string) {
  const text = plainText(value)
  return eb
    .selectFrom('session_attributes')
    .where('key', 'in', keys)
    .where(sql<boolean>`md5(value) = md5(${text})`)
    .where('value', '=', text)
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

/** One of these numbers; there may be none of them. */
export function among(column: string, ids: readonly number[]) {
  return sql<boolean>`${sql.ref(column)} = any(${ids}::bigint[])`
}
