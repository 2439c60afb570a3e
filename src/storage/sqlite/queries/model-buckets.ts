/**
 * Model calls session by session and quarter by quarter, as they are stored: for what can only be
 * seen in their order, such as a cache that went cold. Read by a command, not by the bridge: it may
 * be many rows.
 */
import { sql } from 'kysely'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'
import type { Flag } from '../schema.ts'
import { type SessionFilter, sessionsMatching } from './session-filter.ts'
import { sound } from './sound-figures.ts'
import type { ModelSum, Span } from '../../usage-slice.ts'

export interface ModelBucket extends ModelSum {
  readonly bucket_ms: number
  readonly is_subagent: Flag
}

export interface ModelBuckets {
  /** In no order. */
  of(filter: SessionFilter, span: Span): readonly ModelBucket[]
}

export function createModelBuckets(connection: ReadConnection): ModelBuckets {
  const { kysely } = connection
  return {
    of: (filter, { fromMs, toMs }) => {
      const session = sql.ref<number>('model_usage.session_ref')
      const found = prepare(connection, (span: { fromMs: number; toMs: number }) =>
        kysely
          .selectFrom('model_usage')
          .select([
            'session_ref',
            'bucket_ms',
            'model',
            'is_subagent',
            'calls',
            'errors',
            sound('cost_usd', 'usd').as('cost_usd'),
            sound('estimated_usd', 'usd').as('estimated_usd'),
            sound('metrics_usd', 'usd').as('metrics_usd'),
            'unpriced_calls',
            sound('input_tokens', 'tokens').as('input_tokens'),
            sound('output_tokens', 'tokens').as('output_tokens'),
            sound('cache_read_tokens', 'tokens').as('cache_read_tokens'),
            sound('cache_creation_tokens', 'tokens').as('cache_creation_tokens'),
          ])
          .where('bucket_ms', '>=', span.fromMs)
          .where('bucket_ms', '<', span.toMs)
          .where((eb) =>
            eb.exists(
              sessionsMatching(kysely, filter)
                .where('sessions.id', '=', session)
                .select(sql.lit(1).as('one')),
            ),
          ),
      )
      return found.all({ fromMs, toMs })
    },
  }
}
