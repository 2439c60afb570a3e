/**
 * Lists of sessions in an order, a page at a time: each page begins behind a place in that order,
 * so that what arrives meanwhile neither shifts nor doubles a row.
 */
import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely'
import type { SessionLists, SessionOrder, SessionPlace } from '../store-reader.ts'
import { listedSession } from '../stored-rows.ts'
import type { Dialect, SharedTables } from './dialect.ts'
import type { SharedSchema } from './schema.ts'
import { sessionColumns } from './session-columns.ts'
import { inQuestion, sessionsMatching, sessionsOf } from './session-filter.ts'

type Place = RawBuilder<number | string>

/** What sessions are ordered by. Times as they stand, so that an index on them can be used. */
function ordersOf({ usd, tokens, real, placeOf }: Dialect): Readonly<Record<SessionOrder, Place>> {
  const count = (column: string) => real(sql`coalesce(${sql.ref(column)}, 0)`)
  return {
    last: sql`last_ms`,
    first: sql`first_ms`,
    cost: sql`coalesce(${usd('cost')}, 0)`,
    tokens: sql`coalesce(${tokens('input_tokens')}, 0)
      + coalesce(${tokens('output_tokens')}, 0)
      + coalesce(${tokens('cache_read_tokens')}, 0)
      + coalesce(${tokens('cache_creation_tokens')}, 0)`,
    duration: sql`last_ms - first_ms`,
    errors: count('errors'),
    prompts: count('prompts'),
    calls: count('model_calls'),
    tools: count('tool_results'),
    title: placeOf(sql`coalesce(title, session_id)`),
    user: placeOf(sql`coalesce(user_id, '')`),
    project: placeOf(sql`coalesce(project, '')`),
    team: placeOf(sql`coalesce(team, '')`),
    agent: placeOf(sql`agent`),
  }
}

export function createSessionLists(tables: SharedTables): SessionLists {
  const { kysely, dialect } = tables
  const orders = ordersOf(dialect)
  const columns = sessionColumns(dialect)
  /** Keys as they are stored, with those that were asked for. */
  const storedKeys = (keys: readonly string[]) =>
    new Map(keys.map((key) => [dialect.key(key), key]))

  /** The first condition is one that an index on the value can be searched by. */
  function behind(
    eb: ExpressionBuilder<SharedSchema, 'sessions'>,
    value: Place,
    place: SessionPlace,
    direction: 'asc' | 'desc',
  ) {
    const beyond = direction === 'desc' ? '<' : '>'
    // A place comes back from outside: its number may be none that a row can have.
    const id = dialect.real(sql.ref('sessions.id'))
    const at = typeof place.value === 'string' ? dialect.text(place.value) : place.value
    return eb.and([
      eb(value, direction === 'desc' ? '<=' : '>=', at),
      eb.or([eb(value, beyond, at), eb(id, beyond, place.id)]),
    ])
  }

  return {
    page: async (question, after, limit) => {
      const { order, direction } = question
      const place = orders[order]
      const matching = inQuestion(sessionsMatching(tables, question.filter), question)
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
        .select([...columns, place.as('place')])
        .where('sessions.id', 'in', matching)
        .orderBy(place, direction)
        .orderBy('sessions.id', direction)
        .execute()
      return rows.map((row) => ({ ...listedSession(row), place: row.place }))
    },
    count: async (question) => {
      const counted = await inQuestion(sessionsMatching(tables, question.filter), question)
        .select(({ fn }) => fn.countAll<number>().as('sessions'))
        .executeTakeFirst()
      return counted?.sessions ?? 0
    },
    byIds: async (ids) => {
      const rows = await kysely
        .selectFrom('sessions')
        .select(columns)
        .where(dialect.among('sessions.id', ids))
        .execute()
      return rows.map(listedSession)
    },
    ownedKeys: async (keys, owner) => {
      const asked = storedKeys(keys)
      const rows = await sessionsOf(tables, owner)
        .select('session_key')
        .where(dialect.amongTexts('session_key', [...asked.keys()]))
        .execute()
      return new Set(rows.map(({ session_key }) => asked.get(session_key) ?? session_key))
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
    names: async (keys) => {
      const asked = storedKeys(keys)
      const rows = await kysely
        .selectFrom('sessions')
        .select(['session_key', 'title', 'user_id', 'project'])
        .where(dialect.amongTexts('session_key', [...asked.keys()]))
        .execute()
      return new Map(
        rows.map(({ session_key, title, user_id, project }) => [
          asked.get(session_key) ?? session_key,
          { title: title ?? undefined, user: user_id ?? undefined, project: project ?? undefined },
        ]),
      )
    },
  }
}
