/**
 * Lists of sessions in an order, a page at a time: each page begins behind a place in that order,
 * so that what arrives meanwhile neither shifts nor doubles a row.
 */
import { type ExpressionBuilder, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { ReadConnection } from '../connection.ts'
import type { Schema } from '../schema.ts'
import type {
  SessionLists,
  SessionOrder,
  SessionPlace,
  SessionQuestion,
} from '../../store-reader.ts'
import { listedSession, MAX_PLACE_LENGTH } from '../../stored-rows.ts'
import { SESSION_COLUMNS } from './session-columns.ts'
import { ownedBy, sessionsMatching } from './session-filter.ts'
import { sound } from './sound-figures.ts'

/** What sessions are ordered by. Times as they stand, so that an index on them can be used. */
const orders: Readonly<Record<SessionOrder, RawBuilder<number | string>>> = {
  last: sql`last_ms`,
  first: sql`first_ms`,
  cost: sql`coalesce(${sound('cost_usd', 'usd')}, 0)`,
  tokens: sql`coalesce(${sound('input_tokens', 'tokens')}, 0)
    + coalesce(${sound('output_tokens', 'tokens')}, 0)
    + coalesce(${sound('cache_read_tokens', 'tokens')}, 0)
    + coalesce(${sound('cache_creation_tokens', 'tokens')}, 0)`,
  duration: sql`last_ms - first_ms`,
  errors: sql`coalesce(errors, 0)`,
  prompts: sql`coalesce(prompts, 0)`,
  calls: sql`coalesce(model_calls, 0)`,
  tools: sql`coalesce(tool_results, 0)`,
  title: named(sql`coalesce(title, session_id)`),
  user: named(sql`coalesce(user_id, '')`),
  project: named(sql`coalesce(project, '')`),
  team: named(sql`coalesce(team, '')`),
  agent: named(sql`agent`),
}

/** As much of a name as a place holds. */
function named(name: RawBuilder<unknown>): RawBuilder<string> {
  return sql`substr(lower(${name}), 1, ${sql.lit(MAX_PLACE_LENGTH)})`
}

export function createSessionLists({ kysely }: ReadConnection): SessionLists {
  return {
    page: async (question, after, limit) => {
      const { order, direction } = question
      const place = orders[order]
      const matching = inQuestion(sessionsMatching(kysely, question.filter), question)
        .$if(after !== undefined, (query) =>
          query.where((eb) => behind(eb, place, after ?? { value: 0, id: 0 }, direction)),
        )
        .select('sessions.id')
        .orderBy(place, direction)
        .orderBy('sessions.id', direction)
        .limit(limit)
      // First which, then what of them: sorting all columns of all sessions takes three times as long.
      const rows = await kysely
        .selectFrom('sessions')
        .select([...SESSION_COLUMNS, place.as('place')])
        .where('sessions.id', 'in', matching)
        .orderBy(place, direction)
        .orderBy('sessions.id', direction)
        .execute()
      return rows.map((row) => ({ ...listedSession(row), place: row.place }))
    },
    count: async (question) => {
      const counted = await inQuestion(sessionsMatching(kysely, question.filter), question)
        .select(({ fn }) => fn.countAll<number>().as('sessions'))
        .executeTakeFirst()
      return counted?.sessions ?? 0
    },
    byIds: async (ids) => {
      const rows = await kysely
        .selectFrom('sessions')
        .select(SESSION_COLUMNS)
        .where('sessions.id', 'in', ids)
        .execute()
      return rows.map(listedSession)
    },
    ownedKeys: async (keys, owner) => {
      const rows = await ownedBy(kysely.selectFrom('sessions'), owner)
        .select('session_key')
        .where('session_key', 'in', keys)
        .execute()
      return new Set(rows.map(({ session_key }) => session_key))
    },
    names: async (keys) => {
      const rows = await kysely
        .selectFrom('sessions')
        .select(['session_key', 'title', 'user_id', 'project'])
        .where('session_key', 'in', keys)
        .execute()
      return new Map(
        rows.map(({ session_key, title, user_id, project }) => [
          session_key,
          { title: title ?? undefined, user: user_id ?? undefined, project: project ?? undefined },
        ]),
      )
    },
    writtenBefore: async (beforeMs) => {
      const rows = await kysely
        .selectFrom('sessions')
        .select('session_key')
        .where('deadline_ms', 'is', null)
        .where('updated_ms', '<', beforeMs)
        .orderBy('updated_ms')
        .orderBy('id')
        .execute()
      return rows.map(({ session_key }) => session_key)
    },
  }
}

type Sessions = SelectQueryBuilder<Schema, 'sessions', object>

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

/** The first condition is one that an index on the value can be searched by. */
function behind(
  eb: ExpressionBuilder<Schema, 'sessions'>,
  value: RawBuilder<number | string>,
  place: SessionPlace,
  direction: 'asc' | 'desc',
) {
  const beyond = direction === 'desc' ? '<' : '>'
  return eb.and([
    eb(value, direction === 'desc' ? '<=' : '>=', place.value),
    eb.or([eb(value, beyond, place.value), eb('sessions.id', beyond, place.id)]),
  ])
}
