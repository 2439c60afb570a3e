/**
 * What was used within a slice of time, a day or an hour: few rows, read in a few milliseconds
 * each, which whoever asks adds up. Times are those of the quarters of an hour.
 */
import { type Kysely, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { BUCKET_MS, type UsageDimensions } from '../../../domain/usage.ts'
import { createBoundedMap } from '../../bounded-map.ts'
import { activeSession, dimensionsOf, MADE, modelSum } from '../../stored-rows.ts'
import { sessionsMatching } from '../../shared/session-filter.ts'
import { createWorkReader } from '../../shared/session-work.ts'
import type { SessionFilter, UsageReader } from '../../store-reader.ts'
import { type Span, type UsageSlice, wholeMs, wholeSpan } from '../../usage-slice.ts'
import type { Database } from '../connection.ts'
import { among } from '../dialect.ts'
import type { Schema } from '../schema.ts'
import { keyText } from '../stored-values.ts'
import { decimalTotal, total, usdSum } from './figures.ts'

type UsageTable = 'model_usage' | 'tool_usage' | 'activity'

export function createUsageReader({ kysely, shared }: Database): UsageReader {
  const dimensionSetsOf = createDimensionSets(kysely)

  /** All of it by one statement: one moment, and one way to the server and back. */
  async function slice(filter: SessionFilter, asked: Span): Promise<UsageSlice> {
    const span = wholeSpan(asked)
    const answer = await kysely
      .with(
        (cte) => cte('active').materialized(),
        () =>
          sessionsMatching(shared, filter)
            .select(['id', 'agent', 'project', 'team', 'user_id'])
            .select(['first_prompt_ms', 'first_commit_ms'])
            .where('id', 'in', () =>
              activeIn('model_usage', span)
                .unionAll(activeIn('tool_usage', span))
                .unionAll(activeIn('activity', span)),
            ),
      )
      .selectNoFrom((eb) => {
        const isActive = sql<boolean>`session_ref in (select id from active)`
        const within = <T extends UsageTable>(table: T) =>
          eb
            .selectFrom<UsageTable>(table)
            .where(isActive)
            .where('bucket_ms', '>=', span.fromMs)
            .where('bucket_ms', '<', span.toMs)
        return [
          jsonArrayFrom(eb.selectFrom('active').selectAll().orderBy('active.id')).as('sessions'),
          jsonArrayFrom(
            within('model_usage')
              .select(['session_ref', 'model', 'dimensions_ref'])
              .select(MODEL_COLUMNS)
              .$if(filter.model !== undefined, (query) =>
                query.where('model', '=', keyText(filter.model ?? '')),
              )
              .groupBy(['session_ref', 'model', 'dimensions_ref'])
              .orderBy('session_ref')
              .orderBy('model'),
          ).as('models'),
          jsonArrayFrom(
            within('tool_usage')
              .select([
                'tool',
                total('results').as('results'),
                total('failures').as('failures'),
                total('refusals').as('refusals'),
                decimalTotal('duration_ms').as('durationMs'),
              ])
              .groupBy('tool'),
          ).as('tools'),
          jsonArrayFrom(
            within('activity')
              .select(['measure', 'facet', decimalTotal('value').as('value')])
              .groupBy(['measure', 'facet']),
          ).as('activity'),
          jsonArrayFrom(
            within('activity')
              .select(['session_ref as session', 'measure', decimalTotal('value').as('value')])
              .where('measure', 'in', MADE)
              .groupBy(['session_ref', 'measure']),
          ).as('made'),
        ]
      })
      .executeTakeFirstOrThrow()
    const { sessions, models, tools, activity, made } = answer
    const sets = await dimensionSetsOf(models.map(({ dimensions_ref }) => dimensions_ref))
    return {
      sessions: sessions.map(activeSession),
      models: models.map((row) => {
        return { ...modelSum(row), dimensions: sets.get(row.dimensions_ref) ?? {} }
      }),
      tools,
      activity,
      made,
    }
  }

  function activeIn(table: UsageTable, { fromMs, toMs }: Span) {
    return kysely
      .selectFrom(table)
      .select('session_ref')
      .where('bucket_ms', '>=', fromMs)
      .where('bucket_ms', '<', toMs)
  }

  async function edges(end: 'min' | 'max', fromMs: number, toMs: number): Promise<number[]> {
    const edge = (table: UsageTable) =>
      kysely
        .selectFrom(table)
        .select(({ fn }) => fn[end]<number | null>('bucket_ms').as('bucket_ms'))
        .where('bucket_ms', '>=', wholeMs(fromMs))
        .where('bucket_ms', '<', wholeMs(toMs))
    const found = await kysely
      .selectNoFrom([
        edge('model_usage').as('models'),
        edge('tool_usage').as('tools'),
        edge('activity').as('activity'),
      ])
      .executeTakeFirstOrThrow()
    return Object.values(found).filter((bucketMs) => bucketMs !== null)
  }

  return {
    ...createWorkReader(shared),
    reader: (filter) => (span) => slice(filter, span),
    nextBucket: async (fromMs) => {
      const found = await edges('min', fromMs, Number.POSITIVE_INFINITY)
      return found.length === 0 ? undefined : Math.min(...found)
    },
    bounds: async (untilMs) => {
      const first = await edges('min', Number.NEGATIVE_INFINITY, untilMs)
      const last = await edges('max', Number.NEGATIVE_INFINITY, untilMs)
      if (first.length === 0) return undefined
      return { fromMs: Math.min(...first), toMs: Math.max(...last) + BUCKET_MS }
    },
    buckets: async (filter, asked) => {
      const span = wholeSpan(asked)
      const rows = await kysely
        .selectFrom('model_usage')
        .select(['session_ref', 'bucket_ms', 'model', 'is_subagent'])
        .select(MODEL_COLUMNS)
        .groupBy(['session_ref', 'bucket_ms', 'model', 'is_subagent'])
        .where('bucket_ms', '>=', span.fromMs)
        .where('bucket_ms', '<', span.toMs)
        .where('session_ref', 'in', sessionsMatching(shared, filter).select('sessions.id'))
        .execute()
      return rows.map((row) => {
        return { ...modelSum(row), bucketMs: row.bucket_ms, isSubagent: row.is_subagent }
      })
    },
  }
}

/** What rows of `model_usage` add up to; `modelSum` reads it. */
const MODEL_COLUMNS = [
  total('calls').as('calls'),
  total('errors').as('errors'),
  usdSum('cost_nanousd').as('cost_usd'),
  usdSum('estimated_nanousd').as('estimated_usd'),
  usdSum('metrics_nanousd').as('metrics_usd'),
  total('unpriced_calls').as('unpriced_calls'),
  total('input_tokens').as('input_tokens'),
  total('output_tokens').as('output_tokens'),
  total('cache_read_tokens').as('cache_read_tokens'),
  total('cache_creation_tokens').as('cache_creation_tokens'),
] as const

/** Sets of dimensions; some hundred bytes each. */
const MAX_REMEMBERED = 10_000

/** One object for each id; a further one for an id that was forgotten meanwhile. A set never changes. */
function createDimensionSets(kysely: Kysely<Schema>) {
  const known = createBoundedMap<number, UsageDimensions>(MAX_REMEMBERED)
  return async (refs: readonly number[]): Promise<ReadonlyMap<number, UsageDimensions>> => {
    const asked = new Map<number, UsageDimensions>()
    const missing = new Set<number>()
    for (const ref of refs) {
      const set = known.get(ref)
      if (set === undefined) missing.add(ref)
      else asked.set(ref, set)
    }
    if (missing.size === 0) return asked
    const rows = await kysely
      .selectFrom('usage_dimensions')
      .selectAll()
      .where(among('id', [...missing]))
      .execute()
    for (const row of rows) {
      // Another question may have read it meanwhile.
      const set = known.get(row.id) ?? dimensionsOf(row.key)
      known.set(row.id, set)
      asked.set(row.id, set)
    }
    return asked
  }
}
