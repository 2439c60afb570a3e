/**
 * The index of what sessions are found by. Their rows are indexed here, so that each is found by its id and
 * title at once; what their records tell is read by upkeep, once no program of before runs that would store
 * records without indexing them.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { piecesOf } from '../../../domain/search-words.ts'

const PAGE = 500

interface Row {
  readonly id: number
  readonly texts: readonly (string | null)[]
}

export const search: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table search_texts (session_ref bigint not null, words tsvector not null)`.execute(
      db,
    )
    await sql`create table search_backlog (session_ref bigint primary key, after_id bigint not null)`.execute(
      db,
    )
    for (let afterId = 0; ; ) {
      const { rows } = await sql<Row>`
        select id, array[session_id, title, user_id, project, team, agent] || array(
          select key || ' ' || value from session_attributes where session_ref = s.id) as texts
        from sessions s where id > ${afterId} order by id limit ${PAGE}`.execute(db)
      for (const { id, texts } of rows) {
        for (const words of piecesOf(texts.filter((text) => text !== null))) {
          await sql`insert into search_texts (session_ref, words)
            values (${id}, ${vectorOf(words)}::tsvector)`.execute(db)
        }
      }
      const last = rows.at(-1)
      if (last === undefined) break
      afterId = last.id
    }
    await sql`create index search_texts_session on search_texts (session_ref)`.execute(db)
    await sql`create index search_texts_words on search_texts using gin (words)`.execute(db)
    // 0 stands for all sessions.
    await sql`insert into search_backlog (session_ref, after_id)
      select 0, 0 where exists (select 1 from sessions)`.execute(db)
  },
}

/** Every word with its places. */
function vectorOf(words: readonly string[]): string {
  const places = Map.groupBy(words.keys(), (at) => words[at] ?? '')
  return [...places].map(([word, at]) => `'${word}':${at.map((n) => n + 1).join(',')}`).join(' ')
}
