/** Sessions by the words that are indexed of them. */
import type { SessionSearch } from '../../store-reader.ts'
import type { Database } from '../connection.ts'
import { queryOf } from '../search-rows.ts'
import { plainText } from '../stored-values.ts'

export function createSessionSearch(database: Database): SessionSearch {
  return {
    find: async (term, owner) => {
      const rows = await database.query<{ readonly session_ref: number }>(
        `select distinct session_ref from search_texts where words @@ $1::tsquery
         and ($2::text is null and $3::text is null or session_ref in (
           select id from sessions where ($2::text is null or owner_team = $2)
             and ($3::text is null or owner_user = $3)))`,
        [queryOf(term), textOrNull(owner?.team), textOrNull(owner?.user)],
      )
      return rows.map(({ session_ref }) => session_ref)
    },
    isCatchingUp: async () => {
      const rows = await database.query('select 1 from search_backlog limit 1')
      return rows.length > 0
    },
  }
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined ? null : plainText(text)
}
