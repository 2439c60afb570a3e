/**
 * Lists of sessions in an order, a page at a time: each page begins behind a place in that order,
 * so that what arrives meanwhile neither shifts nor doubles a row.
 */
import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely'
import type { SessionLists, SessionOrder, SessionPlace } from '../../store-reader.ts'
import { listedSession, MAX_PLACE_LENGTH } from '../../stored-rows.ts'
import type { Database } from '../connection.ts'
import type { Schema } from '../schema.ts'
import { keyText, plainText } from '../stored-values.ts'
import { usd } from './figures.ts'
import { among, inQuestion, ownedBy, sessionsMatching } from './session-filter.ts'
import { SESSION_COLUMNS } from './sessions.ts'

/** What sessions are ordered by. Times as they stand, so that an index on them can be used. */
const orders: Readonly<Record<SessionOrder, RawBuilder<number | string>>> = {
  last: sql`last_ms`,
  first: sql`first_ms`,
  cost: sql`coalesce(${usd('cost_nanousd')}, 0)`,
  tokens: sql`coalesce(input_tokens, 0) + coalesce(output_tokens, 0)
    + coalesce(cache_read_tokens, 0) + coalesce(cache_creation_tokens, 0)`,
  duration: sql`last_ms - first_ms`,
  errors: count('errors'),
  prompts: count('prompts'),
  calls: count('model_calls'),
  tools: count('tool_results'),
  title: named(sql`coalesce(title, session_id)`),
  user: named(sql`coalesce(user_id, '')`),
  project: named(sql`coalesce(project, '')`),
  team: named(sql`coalesce(team, '')`),
  agent: named(sql`agent`),
}

function count(column: string): RawBuilder<number> {
  return sql`coalesce(${sql.ref(column)}, 0)::double precision`
}

/** As much of a name as a place holds. Under this collation letters of ASCII alone have two cases. */
function named(name: RawBuilder<unknown>): RawBuilder<string> {
  return sql`substr(lower(${name} collate "C"), 1, ${sql.lit(MAX_PLACE_LENGTH)}) collate "C"`
}

export function createSessionLists({ kysely }: Database): SessionLists {
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
      // First which, then what of them: so that what is sorted are numbers.
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
        .where(among('sessions.id', ids))
        .execute()
      return rows.map(listedSession)
    },
    ownedKeys: async (keys, owner) => {
      const asked = new Map(keys.map((key) => [keyText(key), key]))
      const rows = await ownedBy(kysely.selectFrom('sessions'), owner)
        .select('session_key')
        .where(sql<boolean>`session_key = any(${[...asked.keys()]}::text[])`)
        .execute()
      return new Set(rows.map(({ session_key }) => asked.get(session_key) ?? session_key))
    },
    names: async (keys) => {
      const asked = new Map(keys.map((key) => [keyText(key), key]))
      const rows = await kysely
        .selectFrom('sessions')
        .select(['session_key', 'title', 'user_id', 'project'])
        .where(sql<boolean>`session_key = any(${[...asked.keys()]}::text[])`)
        .execute()
      return new Map(
        rows.map(({ session_key, title, user_id, project }) => [
          asked.get(session_key) ?? session_key,
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

/** The first condition is one that an index on the value can be searched by. */
function behind(
  eb: ExpressionBuilder<Schema, 'sessions'>,
  value: RawBuilder<number | string>,
  place: SessionPlace,
  direction: 'asc' | 'desc',
) {
  const beyond = direction === 'desc' ? '<' : '>'
  // A place comes back from outside: its number may be none that a row can have.
  const id = sql<number>`sessions.id::double precision`
  const at = typeof place.value === 'string' ? plainText(place.value) : place.value
  return eb.and([
    eb(value, direction === 'desc' ? '<=' : '>=', at),
    eb.or([eb(value, beyond, at), eb(id, beyond, place.id)]),
  ])
}
