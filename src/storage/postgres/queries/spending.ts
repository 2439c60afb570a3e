/** What was spent, for budgets. */
import { sql } from 'kysely'
import type { Owner } from '../../../domain/access.ts'
import type { SpentRow } from '../../../domain/budget-brake.ts'
import { listBudgets, readBudgetSessions } from '../../shared/budgets.ts'
import type { BudgetReader } from '../../store-reader.ts'
import { type Span, wholeSpan } from '../../usage-slice.ts'
import type { Database } from '../connection.ts'
import { plainText } from '../stored-values.ts'
import { usdSum } from './figures.ts'

/** Without a key the owner is whoever telemetry named: only a key is in the key of the session. */
export const KEY_TEAM = `case when split_part(session_key, '/', 1) ~ '@[^:]' then owner_team end`

/**
 * What was spent within a span, added up by everyone that it counts for, off the usage rows, as all
 * reports. Apart by quarters of an hour, or with 0 for all of them.
 */
export async function spentGroups(
  { kysely }: Pick<Database, 'kysely'>,
  asked: Span,
  by: 'quarters' | 'span',
  owner?: Owner,
): Promise<readonly SpentRow[]> {
  const { fromMs, toMs } = wholeSpan(asked)
  const bucket = by === 'quarters' ? sql.ref<number>('bucket_ms') : sql<number>`0::bigint`
  const rows = await kysely
    .selectFrom('model_usage')
    .innerJoin('sessions', 'sessions.id', 'session_ref')
    .leftJoin('usage_dimensions', 'usage_dimensions.id', 'dimensions_ref')
    .select([
      'user_id',
      sql<string | null>`${sql.raw(KEY_TEAM)}`.as('key_team'),
      'team',
      'project',
      PROJECT_OF_CALL.as('spent_for'),
      'sessions.agent',
      'model',
      bucket.as('bucket_ms'),
    ])
    .select([
      usdSum('model_usage.cost_nanousd').as('cost_usd'),
      usdSum('model_usage.estimated_nanousd').as('estimated_usd'),
    ])
    .where('bucket_ms', '>=', fromMs)
    .where('bucket_ms', '<', toMs)
    .$if(owner?.team !== undefined, (query) =>
      query.where('owner_team', '=', plainText(owner?.team ?? '')),
    )
    .$if(owner?.user !== undefined, (query) =>
      query.where('owner_user', '=', plainText(owner?.user ?? '')),
    )
    .groupBy(['user_id', 'key_team', 'team', 'project', 'spent_for', 'sessions.agent', 'model'])
    .$if(by === 'quarters', (query) => query.groupBy('bucket_ms'))
    .execute()
  return rows.map((row) => ({
    bucketMs: row.bucket_ms,
    userId: row.user_id ?? undefined,
    ownerTeam: row.key_team ?? undefined,
    team: row.team ?? undefined,
    project: (row.spent_for === null ? row.project : projectOf(row.spent_for)) ?? undefined,
    agent: row.agent,
    model: row.model,
    costUsd: row.cost_usd,
    estimatedUsd: row.estimated_usd,
  }))
}

/**
 * The project that a call itself names, as a JSON string: it may be of another one than its session by
 * now. Cut out, since casts to JSON fail on texts that agents may send.
 */
const PROJECT_OF_CALL = sql<
  string | null
>`substring(usage_dimensions.key from ${'[{,]"project":("(?:[^"\\\\]|\\\\.)*")'})`

function projectOf(text: string): string {
  return String(JSON.parse(text))
}

export function createBudgetReader(database: Pick<Database, 'kysely' | 'shared'>): BudgetReader {
  const { shared } = database
  return {
    spending: (span, owner) => spentGroups(database, span, 'span', owner),
    defined: () => listBudgets(shared),
    sessions: readBudgetSessions(shared),
  }
}
