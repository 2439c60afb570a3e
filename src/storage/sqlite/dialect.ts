/** SQLite's way of saying what shared queries leave open. */
import { sql } from 'kysely'
import type { Dialect } from '../shared/dialect.ts'
import { MAX_PLACE_LENGTH } from '../stored-rows.ts'
import { sound, soundSum } from './queries/sound-figures.ts'

export const sqliteDialect: Dialect = {
  text: (text) => text,
  key: (text) => text,
  among: (column, numbers) =>
    sql`${sql.ref(column)} in (select value from json_each(${JSON.stringify(numbers)}))`,
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
