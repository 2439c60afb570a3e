/**
 * The index of what sessions are found by. Their rows are indexed here, so that each is found by its id and
 * title at once; what their records tell is read by upkeep, session by session, from `search_backlog`.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { piecesOf } from '../../../domain/search-words.ts'
import { REF } from '../schema.ts'

interface Row {
  readonly id: number
  /** JSON lists. */
  readonly named: string
  readonly labels: string
}

const PAGE = 500
const ROWS_PER_SESSION = 2 ** 20

export const search: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create virtual table search_index using fts5(
      words, content = '', contentless_delete = 1, tokenize = 'ascii')`.execute(db)
    await db.schema
      .createTable('search_backlog')
      .addColumn('session_ref', REF, (column) =>
        column.primaryKey().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('after_id', 'integer', (column) => column.notNull())
      .execute()
    await sql`insert into search_backlog (session_ref, after_id) select id, 0 from sessions`.execute(
      db,
    )
    for (let afterId = 0; ; ) {
      const { rows } = await sql<Row>`
        select id, json_array(session_id, title, user_id, project, team, agent) as named,
          (select json_group_array(key || ' ' || value) from session_attributes
           where session_ref = id) as labels
        from sessions where id > ${afterId} order by id limit ${PAGE}`.execute(db)
      for (const { id, named, labels } of rows) {
        const texts = [...(JSON.parse(named) as unknown[]), ...(JSON.parse(labels) as unknown[])]
        const told = texts.filter((text) => typeof text === 'string')
        for (const [at, words] of piecesOf(told).entries()) {
          await sql`insert into search_index (rowid, words)
            values (${id * ROWS_PER_SESSION + at}, ${words.join(' ')})`.execute(db)
        }
      }
      const last = rows.at(-1)
      if (last === undefined) break
      afterId = last.id
    }
  },
}
