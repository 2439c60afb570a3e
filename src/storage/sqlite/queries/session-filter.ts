/**
 * Which sessions a question is about. The one place that turns a filter into SQL, so that lists
 * and sums mean the same sessions.
 */
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { Owner } from '../../../domain/access.ts'
import { DOCTOR_SESSION_PREFIX } from '../../../domain/identity.ts'
import type { Schema } from '../schema.ts'
import type { SessionFilter } from '../../store-reader.ts'

type Sessions = SelectQueryBuilder<Schema, 'sessions', object>

/** Those of an owner; of everybody where none is named. */
export function ownedBy(sessions: Sessions, owner: Owner | undefined): Sessions {
  let query = sessions
  if (owner?.team !== undefined) query = query.where('owner_team', '=', owner.team)
  if (owner?.user !== undefined) query = query.where('owner_user', '=', owner.user)
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
  if (!withEmpty) query = query.where('is_empty', '=', sql.lit(0))
  if (ids !== undefined) {
    query = query.where(
      sql<boolean>`sessions.id in (select value from json_each(${JSON.stringify(ids)}))`,
    )
  }
  if (agent !== undefined) query = query.where('agent', '=', agent)
  if (project !== undefined) query = query.where('project', '=', project)
  if (team !== undefined) query = query.where('team', '=', team)
  if (user !== undefined) {
    query = query.where((eb) =>
      eb.or([
        eb('user_id', '=', user),
        // As an application around the agent names its user.
        eb(
          'sessions.id',
          'in',
          eb
            .selectFrom('session_attributes')
            .select('session_ref')
            .where('key', 'in', ['user.id', 'enduser.id'])
            .where('value', '=', user),
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
          .where('model', '=', model),
      ),
    )
  }
  for (const { key, value } of attributes) {
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('session_attributes')
          .select(sql.lit(1).as('one'))
          .whereRef('session_ref', '=', 'sessions.id')
          .where('key', '=', key)
          .where('value', '=', value),
      ),
    )
  }
  return query
}
