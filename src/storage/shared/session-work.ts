/** What sessions worked on, and the labels that say what for. */
import { sql } from 'kysely'
import type { Owner } from '../../domain/access.ts'
import type { UsageReader } from '../store-reader.ts'
import { HAS_COMMIT, workSegment } from '../stored-rows.ts'
import type { SharedTables } from './dialect.ts'
import { sessionsOf } from './session-filter.ts'

type WorkReader = Pick<UsageReader, 'work' | 'results' | 'pullRequests' | 'attributes'>

export function createWorkReader(tables: SharedTables): WorkReader {
  const { kysely, dialect } = tables

  /** In the order in which they were worked on. */
  const workOf = (owner: Owner | undefined) =>
    kysely
      .selectFrom('work_segments')
      .select(['session_ref', 'segment', 'work'])
      .$if(owner !== undefined, (query) =>
        query.where('session_ref', 'in', sessionsOf(tables, owner).select('id')),
      )
      .orderBy('session_ref')
      .orderBy('segment')

  return {
    work: async (ids, owner) => {
      const rows = await workOf(owner).where(dialect.among('session_ref', ids)).execute()
      return rows.map(workSegment)
    },
    results: async (ids, owner) => {
      const rows = await workOf(owner)
        .where(dialect.among('session_ref', ids))
        .where(sql<boolean>`(${dialect.hasPullRequest} or work like ${HAS_COMMIT})`)
        .execute()
      return rows.map(workSegment)
    },
    pullRequests: async (owner) => {
      // A row of a session that was taken out stays a while.
      const rows = await workOf(owner)
        .where(dialect.hasPullRequest)
        .where('session_ref', 'in', kysely.selectFrom('sessions').select('id'))
        .execute()
      return rows.map(workSegment)
    },
    attributes: async (ids, keys, owner) => {
      // The names that they are asked by may be longer than those that are stored.
      const names = new Map(keys.map((key) => [dialect.key(key), key]))
      const rows = await kysely
        .selectFrom('session_attributes')
        .select(['session_ref as session', 'key', 'value'])
        .where(dialect.among('session_ref', ids))
        .where(dialect.amongTexts('key', [...names.keys()]))
        .$if(owner !== undefined, (query) =>
          query.where('session_ref', 'in', sessionsOf(tables, owner).select('id')),
        )
        .execute()
      return rows.map((row) => ({ ...row, key: names.get(row.key) ?? row.key }))
    },
  }
}
