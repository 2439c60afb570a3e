/** Sessions by themselves: what lists and pages show of them, their states and attributes. */
import { sql } from 'kysely'
import { listedSession } from '../../stored-rows.ts'
import type { SessionDetails } from '../../store-reader.ts'
import type { Database } from '../connection.ts'
import { unpackJson } from '../../packed-json.ts'
import { keyText } from '../stored-values.ts'
import { usd } from './figures.ts'

/** The columns of a session that lists and pages show; `listedSession` reads them. */
export const SESSION_COLUMNS = [
  'sessions.id',
  'session_key',
  'agent',
  'session_id',
  'title',
  'user_id',
  'project',
  'team',
  'owner_team',
  'owner_user',
  'route',
  'deadline_ms',
  'close_reason',
  'first_ms',
  'last_ms',
  usd('cost_nanousd').as('cost_usd'),
  usd('estimated_nanousd').as('estimated_usd'),
  usd('metrics_nanousd').as('metrics_usd'),
  'unpriced_calls',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_creation_tokens',
  'prompts',
  'model_calls',
  'tool_results',
  'errors',
] as const

export function createSessionDetails({ kysely }: Database): SessionDetails {
  return {
    find: async (key) => {
      const row = await kysely
        .selectFrom('sessions')
        .select(SESSION_COLUMNS)
        .where('session_key', '=', keyText(key))
        .executeTakeFirst()
      return row && listedSession(row)
    },
    state: async (id) => {
      const row = await kysely
        .selectFrom('session_states')
        .select(['version', 'state'])
        .where('session_ref', '=', id)
        .executeTakeFirst()
      return row && { version: row.version, text: unpackJson(row.state) }
    },
    attributes: async (id) => {
      const rows = await kysely
        .selectFrom('session_attributes')
        .select(['key', 'value'])
        .where('session_ref', '=', id)
        .orderBy('key')
        .execute()
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
    },
    hasAny: async () => {
      const { rows } = await sql<{ is_called: boolean }>`select is_called from positions`.execute(
        kysely,
      )
      return rows[0]?.is_called ?? false
    },
  }
}
