/** Sessions by the words that are indexed of them. */
import type { Owner } from '../../../domain/access.ts'
import type { SearchTerm } from '../../../domain/search-words.ts'
import type { SessionSearch } from '../../store-reader.ts'
import type { ReadConnection } from '../connection.ts'
import { SESSION_OF_ROW } from '../search-index.ts'
import { createUnchanged } from '../unchanged.ts'

interface Asked {
  readonly match: string
  readonly team: string | null
  readonly user: string | null
}

/** Who types a second word asks for the first one with each letter; a common one takes 20 ms. */
const MAX_TERMS = 8

export function createSessionSearch({ handle }: Pick<ReadConnection, 'handle'>): SessionSearch {
  const known = createUnchanged<readonly number[]>({ handle }, MAX_TERMS)
  const found = `select distinct ${SESSION_OF_ROW} from search_index where search_index match :match`
  const ofAll = handle.prepare<[Asked], number>(found).pluck()
  const ofOwner = handle
    .prepare<[Asked], number>(
      `${found} and ${SESSION_OF_ROW} in (select id from sessions
         where (:team is null or owner_team = :team) and (:user is null or owner_user = :user))`,
    )
    .pluck()
  const anyWaiting = handle
    .prepare<[], number>('select exists (select 1 from search_backlog)')
    .pluck()

  return {
    find: async (term, owner: Owner = {}) => {
      const asked = { match: matchOf(term), team: owner.team ?? null, user: owner.user ?? null }
      const isOfAll = asked.team === null && asked.user === null
      return known.get(JSON.stringify(asked), () => (isOfAll ? ofAll : ofOwner).all(asked))
    },
    isCatchingUp: async () => anyWaiting.get() === 1,
  }
}

/** A phrase in FTS5's syntax. Words hold letters, digits and symbols beyond ASCII alone: none has a meaning there. */
function matchOf({ words, isPrefix }: SearchTerm): string {
  return `"${words.join(' ')}"${isPrefix ? ' *' : ''}`
}
