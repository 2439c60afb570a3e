/**
 * Sessions in which nothing happened are marked, so that lists and counts leave them out. Those
 * that are there are known by their figures and their state: no turn, no hook, and of metrics
 * nothing but starts and active time. Where that cannot be read the session stays visible.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT } from '../schema.ts'

export const emptySessions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('sessions')
      .addColumn('is_empty', COUNT, (column) => column.notNull().defaultTo(0))
      .execute()
    await sql`update sessions set is_empty = 1
      where coalesce(prompts, 0) + coalesce(model_calls, 0) + coalesce(tool_results, 0)
          + coalesce(errors, 0) = 0
        and id in (
          select session_ref from (
            select session_ref, iif(json_valid(state), state, '{}') as state from session_states)
          where json_extract(state, '$.turnCount') = 0
            and coalesce(json_extract(state, '$.totals.hooks'), '{}') = '{}'
            and json_extract(state, '$.totals.metrics.costUsd')
              + json_extract(state, '$.totals.metrics.tokens.input')
              + json_extract(state, '$.totals.metrics.tokens.output')
              + json_extract(state, '$.totals.metrics.tokens.cacheRead')
              + json_extract(state, '$.totals.metrics.tokens.cacheCreation')
              + json_extract(state, '$.totals.metrics.linesAdded')
              + json_extract(state, '$.totals.metrics.linesRemoved')
              + json_extract(state, '$.totals.metrics.commits')
              + json_extract(state, '$.totals.metrics.pullRequests')
              + json_extract(state, '$.totals.metrics.editsAccepted')
              + json_extract(state, '$.totals.metrics.editsRejected') = 0)`.execute(db)
  },
}
