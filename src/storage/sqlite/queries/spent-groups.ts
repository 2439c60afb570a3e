/**
 * What was spent within a span, added up by everyone that it counts for, off the usage rows: one source
 * for what budgets are held against and for what is shown of them. Of a day, a read of some thousand rows.
 */
import { sql } from 'kysely'
import type { Owner } from '../../../domain/access.ts'
import type { SpentRow } from '../../../domain/budget-brake.ts'
import type { Span } from '../../usage-slice.ts'
import type { Connection } from '../connection.ts'
import { prepare } from '../prepared.ts'
import { soundSum } from './sound-figures.ts'

interface Asked extends Span {
  /** Of the owner; null is everybody's. */
  readonly team: string | null
  readonly user: string | null
}

/** Of an owner's sessions, if one is named. Apart by quarters of an hour, or with 0 for all of them. */
export type ReadSpentGroups = (span: Span, owner?: Owner) => readonly SpentRow[]

/** Without a key the owner is whoever telemetry named: only a key is in the key of the session. */
const keyTeam = sql<
  string | null
>`case when substr(session_key, 1, instr(session_key, '/')) glob '*@[^:]*' then owner_team end`

export function createSpentGroups(
  connection: Pick<Connection, 'handle' | 'kysely'>,
  by: 'quarters' | 'span',
): ReadSpentGroups {
  // Of the call, which may be of another one than its session by now.
  const project = sql<
    string | null
  >`coalesce(json_extract(usage_dimensions.key, '$.project'), project)`
  const bucket = by === 'quarters' ? sql.ref<number>('bucket_ms') : sql.lit(0)
  const sums = prepare(connection, (of: Asked) =>
    connection.kysely
      .selectFrom('model_usage')
      .innerJoin('sessions', 'sessions.id', 'session_ref')
      .leftJoin('usage_dimensions', 'usage_dimensions.id', 'dimensions_ref')
      .select([
        'user_id',
        keyTeam.as('key_team'),
        'team',
        project.as('spent_for'),
        'sessions.agent',
        'model',
        bucket.as('bucket_ms'),
      ])
      .select([
        soundSum('model_usage.cost_usd', 'usd').as('cost_usd'),
        soundSum('model_usage.estimated_usd', 'usd').as('estimated_usd'),
      ])
      .where('bucket_ms', '>=', of.fromMs)
      .where('bucket_ms', '<', of.toMs)
      .where((eb) => eb.or([eb(eb.val(of.team), 'is', null), eb('owner_team', '=', of.team)]))
      .where((eb) => eb.or([eb(eb.val(of.user), 'is', null), eb('owner_user', '=', of.user)]))
      .groupBy(['user_id', 'key_team', 'team', 'spent_for', 'sessions.agent', 'model'])
      .$if(by === 'quarters', (query) => query.groupBy('bucket_ms')),
  )

  return ({ fromMs, toMs }, { team = null, user = null } = {}) =>
    sums.all({ fromMs, toMs, team, user }).map((row) => ({
      bucketMs: row.bucket_ms,
      userId: row.user_id ?? undefined,
      ownerTeam: row.key_team ?? undefined,
      team: row.team ?? undefined,
      project: row.spent_for ?? undefined,
      agent: row.agent,
      model: row.model,
      costUsd: row.cost_usd ?? 0,
      estimatedUsd: row.estimated_usd ?? 0,
    }))
}
