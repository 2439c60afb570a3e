/** What sessions used, added up inside a commit: a row for each quarter of an hour and name. */
import { dimensionsKey, type Usage, type UsageDimensions } from '../../domain/usage.ts'
import { workText } from '../stored-rows.ts'
import { createBoundedMap } from '../bounded-map.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import { soundAddition } from './queries/sound-figures.ts'

export interface UsageRows {
  add(sessionRef: number, usage: Usage): void
  /** After a rollback: ids given since the last commit may be void. */
  forget(): void
}

/** Sets of dimensions whose ids are remembered: a few for each team, of some hundred bytes each. */
const MAX_REMEMBERED = 2_000

export function createUsageRows(connection: Connection): UsageRows {
  const { kysely } = connection
  const models = prepare(connection, (row: NewRow<'model_usage'>) =>
    kysely
      .insertInto('model_usage')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['session_ref', 'bucket_ms', 'model', 'is_subagent', 'dimensions_ref'])
          .doUpdateSet((eb) => ({
            calls: eb('model_usage.calls', '+', eb.ref('excluded.calls')),
            errors: eb('model_usage.errors', '+', eb.ref('excluded.errors')),
            cost_usd: soundAddition('model_usage.cost_usd', 'excluded.cost_usd', 'usd'),
            estimated_usd: soundAddition(
              'model_usage.estimated_usd',
              'excluded.estimated_usd',
              'usd',
            ),
            metrics_usd: soundAddition('model_usage.metrics_usd', 'excluded.metrics_usd', 'usd'),
            unpriced_calls: eb(
              'model_usage.unpriced_calls',
              '+',
              eb.ref('excluded.unpriced_calls'),
            ),
            input_tokens: soundAddition(
              'model_usage.input_tokens',
              'excluded.input_tokens',
              'tokens',
            ),
            output_tokens: soundAddition(
              'model_usage.output_tokens',
              'excluded.output_tokens',
              'tokens',
            ),
            cache_read_tokens: soundAddition(
              'model_usage.cache_read_tokens',
              'excluded.cache_read_tokens',
              'tokens',
            ),
            cache_creation_tokens: soundAddition(
              'model_usage.cache_creation_tokens',
              'excluded.cache_creation_tokens',
              'tokens',
            ),
            duration_ms: soundAddition(
              'model_usage.duration_ms',
              'excluded.duration_ms',
              'durationMs',
            ),
          })),
      ),
  )
  const tools = prepare(connection, (row: NewRow<'tool_usage'>) =>
    kysely
      .insertInto('tool_usage')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['session_ref', 'bucket_ms', 'tool']).doUpdateSet((eb) => ({
          results: eb('tool_usage.results', '+', eb.ref('excluded.results')),
          failures: eb('tool_usage.failures', '+', eb.ref('excluded.failures')),
          refusals: eb('tool_usage.refusals', '+', eb.ref('excluded.refusals')),
          duration_ms: soundAddition(
            'tool_usage.duration_ms',
            'excluded.duration_ms',
            'durationMs',
          ),
        })),
      ),
  )
  const activity = prepare(connection, (row: NewRow<'activity'>) =>
    kysely
      .insertInto('activity')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['session_ref', 'bucket_ms', 'measure', 'facet']).doUpdateSet({
          value: soundAddition('activity.value', 'excluded.value', 'value'),
        }),
      ),
  )

  const segments = prepare(connection, (row: NewRow<'work_segments'>) =>
    kysely
      .insertInto('work_segments')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['session_ref', 'segment']).doUpdateSet((eb) => ({
          has_pull_request: eb.ref('excluded.has_pull_request'),
          work: eb.ref('excluded.work'),
        })),
      ),
  )

  const dimensionRefs = createBoundedMap<string, number>(MAX_REMEMBERED)
  const findDimensions = prepare(connection, ({ key }: { key: string }) =>
    kysely.selectFrom('usage_dimensions').select('id').where('key', '=', key),
  )
  const insertDimensions = prepare(connection, (row: NewRow<'usage_dimensions'>) =>
    kysely.insertInto('usage_dimensions').values(row),
  )

  /** The id of the set's row, which is made when there is none. */
  function dimensionsRef(dimensions: UsageDimensions): number {
    const key = dimensionsKey(dimensions)
    const known = dimensionRefs.get(key)
    if (known !== undefined) return known
    const ref =
      findDimensions.get({ key })?.id ?? Number(insertDimensions.run({ key }).lastInsertRowid)
    dimensionRefs.set(key, ref)
    return ref
  }

  return {
    forget: () => dimensionRefs.clear(),
    add: (sessionRef, usage) => {
      for (const row of usage.models) {
        models.run({
          session_ref: sessionRef,
          bucket_ms: row.bucketMs,
          model: row.model,
          is_subagent: row.isSubagent ? 1 : 0,
          dimensions_ref: dimensionsRef(row.dimensions),
          calls: row.calls,
          errors: row.errors,
          cost_usd: row.costUsd,
          estimated_usd: row.estimatedUsd,
          metrics_usd: row.metricsUsd,
          unpriced_calls: row.unpricedCalls,
          input_tokens: row.inputTokens,
          output_tokens: row.outputTokens,
          cache_read_tokens: row.cacheReadTokens,
          cache_creation_tokens: row.cacheCreationTokens,
          duration_ms: row.durationMs,
        })
      }
      for (const { bucketMs, tool, results, failures, refusals, durationMs } of usage.tools) {
        const row = { session_ref: sessionRef, bucket_ms: bucketMs, tool }
        tools.run({ ...row, results, failures, refusals, duration_ms: durationMs })
      }
      for (const { bucketMs, measure, facet, value } of usage.activity) {
        activity.run({ session_ref: sessionRef, bucket_ms: bucketMs, measure, facet, value })
      }
      for (const one of usage.work ?? []) {
        segments.run({
          session_ref: sessionRef,
          segment: one.segment,
          has_pull_request: one.pullRequest === undefined ? 0 : 1,
          work: workText(one),
        })
      }
    },
  }
}
