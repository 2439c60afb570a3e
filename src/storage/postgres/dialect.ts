/** PostgreSQL's way of saying what shared queries leave open. */
import { sql } from 'kysely'
import type { Dialect } from '../shared/dialect.ts'
import { MAX_PLACE_LENGTH } from '../stored-rows.ts'
import { usd, usdSum } from './queries/figures.ts'
import { keyText, plainText } from './stored-values.ts'

/** One of these numbers; there may be none of them. */
export function among(column: string, numbers: readonly number[]) {
  return sql<boolean>`${sql.ref(column)} = any(${numbers}::bigint[])`
}

export const postgresDialect: Dialect = {
  text: plainText,
  key: keyText,
  among,
  amongSessions: (ids) => among('sessions.id', ids),
  amongTexts: (column, texts) => sql`${sql.ref(column)} = any(${texts}::text[])`,
  // By the index, which holds digests.
  isValue: (value) => {
    const text = plainText(value)
    return sql`(md5(value) = md5(${text}) and value = ${text})`
  },
  isEventful: sql`is_empty = false`,
  hasPullRequest: sql`has_pull_request`,
  usd: (of) => usd(`${of}_nanousd`),
  usdSum: (of) => usdSum(`${of}_nanousd`),
  tokens: (column) => sql.ref(column),
  real: (value) => sql`(${value})::double precision`,
  // Under this collation letters of ASCII alone have two cases.
  placeOf: (name) =>
    sql`substr(lower(${name} collate "C"), 1, ${sql.lit(MAX_PLACE_LENGTH)}) collate "C"`,
}
