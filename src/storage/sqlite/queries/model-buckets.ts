/**
 * Model calls session by session and quarter by quarter: for what can only be
 * seen in their order, such as a cache that went cold. Read by a command, not by the bridge: it may
 * be many rows.
 */
import { type ExpressionBuilder, sql } from 'kysely'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'
import type { UsageReader } from '../../store-reader.ts'
import { modelSum } from '../../stored-rows.ts'
import type { Schema } from '../schema.ts'
import { sessionsMatching } from '../../shared/session-filter.ts'
import { soundSum } from './sound-figures.ts'

export function createModelBuckets(connection: ReadConnection): UsageReader['buckets'] {
  const { kysely, shared } = connection
  return async (filter, { fromMs, toMs }) => {
    const session = sql.ref<number>('model_usage.session_ref')
    const found = prepare(connection, (span: { fromMs: number; toMs: number }) =>
      kysely
        .selectFrom('model_usage')
        .select(['session_ref', 'bucket_ms', 'model', 'is_subagent'])
        .select(modelColumns)
        .groupBy(['session_ref', 'bucket_ms', 'model', 'is_subagent'])
        .where('bucket_ms', '>=', span.fromMs)
        .where('bucket_ms', '<', span.toMs)
        .where((eb) =>
          eb.exists(
            sessionsMatching(shared, filter)
              .where('sessions.id', '=', session)
              .select(sql.lit(1).as('one')),
          ),
        ),
    )
    return found.all({ fromMs, toMs }).map((row) => {
      return { ...modelSum(row), bucketMs: row.bucket_ms, isSubagent: row.is_subagent === 1 }
    })
  }
}

/** What rows of `model_usage` add up to; `modelSum` reads it. */
export function modelColumns({ fn }: ExpressionBuilder<Schema, 'model_usage'>) {
  return [
    fn.sum<number>('calls').as('calls'),
    fn.sum<number>('errors').as('errors'),
    soundSum('cost_usd', 'usd').as('cost_usd'),
    soundSum('estimated_usd', 'usd').as('estimated_usd'),
    soundSum('metrics_usd', 'usd').as('metrics_usd'),
    fn.sum<number>('unpriced_calls').as('unpriced_calls'),
    soundSum('input_tokens', 'tokens').as('input_tokens'),
    soundSum('output_tokens', 'tokens').as('output_tokens'),
    soundSum('cache_read_tokens', 'tokens').as('cache_read_tokens'),
    soundSum('cache_creation_tokens', 'tokens').as('cache_creation_tokens'),
  ] as const
}
