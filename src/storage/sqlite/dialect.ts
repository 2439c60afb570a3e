/** SQLite's way of saying what shared queries leave open. */
import { sql } from 'kysely'
import type { Dialect } from '../shared/dialect.ts'
import { MAX_PLACE_LENGTH } from '../stored-rows.ts'
import { sound, soundSum } from './queries/sound-figures.ts'

/** So many numbers, and more of those up to the greatest one than each so many-th, are told as bytes. */
const MANY = 1000
const SPARSE = 8

const among = (column: string, numbers: readonly number[]) =>
  sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(numbers)}))`

/**
 * One of most sessions: a byte for each number up to the greatest one, which takes half the time of a list
 * that has to be parsed and sorted first. Ids count up from 1.
 */
function amongSessions(ids: readonly number[]) {
  const greatest = ids.reduce((most, id) => Math.max(most, id), 0)
  if (ids.length < MANY || ids.length * SPARSE < greatest) return among('sessions.id', ids)
  const flags = Buffer.alloc(greatest + 1)
  for (const id of ids) flags[id] = 1
  return sql<boolean>`substr(${flags}, sessions.id + 1, 1) = x'01'`
}

export const sqliteDialect: Dialect = {
  text: (text) => text,
  key: (text) => text,
  among,
  amongSessions,
  amongTexts: (column, texts) => sql`${sql.ref(column)} in (${sql.join(texts)})`,
  isValue: (value) => sql`value = ${value}`,
  isEventful: sql`is_empty = 0`,
  hasPullRequest: sql`has_pull_request = 1`,
  usd: (of) => sound(`${of}_usd`, 'usd'),
  usdSum: (of) => soundSum(`${of}_usd`, 'usd'),
  tokens: (column) => sound(column, 'tokens'),
  real: (value) => sql`${value}`,
  placeOf: (name) => sql`substr(lower(${name}), 1, ${sql.lit(MAX_PLACE_LENGTH)})`,
}
