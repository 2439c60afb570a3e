/**
 * What was used within a slice of time, a day or an hour: few rows, read in a few milliseconds
 * each, which whoever asks adds up. Times are those of the quarters of an hour.
 */
import { sql } from 'kysely'
import { BUCKET_MS } from '../../../domain/usage.ts'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'
import type { SessionFilter, UsageReader } from '../../store-reader.ts'
import type { Span, UsageSlice } from '../../usage-slice.ts'
import { createDimensionSets } from './dimension-sets.ts'
import { activeSession, MADE, modelSum } from '../../stored-rows.ts'
import { modelColumns } from './model-buckets.ts'
import { createWorkReader } from '../../shared/session-work.ts'
import { sessionsMatching } from '../../shared/session-filter.ts'
import { soundSum } from './sound-figures.ts'

type UsageTable = 'model_usage' | 'tool_usage' | 'activity'

/** `ids` of sessions as a JSON list. */
type Within = Span & { readonly ids: string }

export function createUsageQueries(connection: ReadConnection): Omit<UsageReader, 'buckets'> {
  const { kysely } = connection
  const dimensionSetOf = createDimensionSets(connection)

  function reader(filter: SessionFilter): (span: Span) => Promise<UsageSlice> {
    const sessions = prepare(connection, (span: Span) =>
      sessionsMatching(connection.shared, filter)
        .select(['id', 'agent', 'project', 'team', 'user_id', 'first_prompt_ms', 'first_commit_ms'])
        .where('id', 'in', () =>
          activeIn('model_usage', span)
            .unionAll(activeIn('tool_usage', span))
            .unionAll(activeIn('activity', span)),
        ),
    )
    const models = prepare(connection, (within: Within) =>
      usedWithin('model_usage', within)
        .select(['session_ref', 'model', 'dimensions_ref'])
        .select(modelColumns)
        .$if(filter.model !== undefined, (query) => query.where('model', '=', filter.model ?? ''))
        .groupBy(['session_ref', 'model', 'dimensions_ref'])
        .orderBy('session_ref')
        .orderBy('model'),
    )
    const tools = prepare(connection, (within: Within) =>
      usedWithin('tool_usage', within)
        .select(({ fn }) => [
          'tool',
          fn.sum<number>('results').as('results'),
          fn.sum<number>('failures').as('failures'),
          fn.sum<number>('refusals').as('refusals'),
          soundSum('duration_ms', 'durationMs').as('duration_ms'),
        ])
        .groupBy('tool'),
    )
    const activity = prepare(connection, (within: Within) =>
      usedWithin('activity', within)
        .select(['measure', 'facet', soundSum('value', 'value').as('value')])
        .groupBy(['measure', 'facet']),
    )
    const made = prepare(connection, (within: Within) =>
      usedWithin('activity', within)
        .select(['session_ref as session', 'measure', soundSum('value', 'value').as('value')])
        .where('measure', 'in', MADE)
        .groupBy(['session_ref', 'measure']),
    )
    return async ({ fromMs, toMs }) => {
      const active = sessions.all({ fromMs, toMs })
      const within = { fromMs, toMs, ids: JSON.stringify(active.map(({ id }) => id)) }
      return {
        sessions: active.map(activeSession),
        models: models.all(within).map((row) => {
          return { ...modelSum(row), dimensions: dimensionSetOf(row.dimensions_ref) }
        }),
        tools: tools.all(within).map(({ duration_ms, ...sums }) => {
          return { ...sums, durationMs: duration_ms ?? 0 }
        }),
        activity: activity.all(within).map((row) => ({ ...row, value: row.value ?? 0 })),
        made: made.all(within).map((row) => ({ ...row, value: row.value ?? 0 })),
      }
    }
  }

  function activeIn(table: UsageTable, { fromMs, toMs }: Span) {
    return kysely
      .selectFrom(table)
      .select('session_ref')
      .where('bucket_ms', '>=', fromMs)
      .where('bucket_ms', '<', toMs)
  }

  /** By session, whose rows lie together: half the time of going by the index on time. */
  function usedWithin<T extends UsageTable>(table: T, { ids, fromMs, toMs }: Within) {
    const among = sql<boolean>`session_ref in (select value from json_each(${ids}))`
    return kysely
      .selectFrom<UsageTable>(table)
      .where(among)
      .where('bucket_ms', '>=', fromMs)
      .where('bucket_ms', '<', toMs)
  }

  const edge = (table: UsageTable, end: 'min' | 'max', { fromMs, toMs }: Span) =>
    kysely
      .selectFrom(table)
      .select(({ fn }) => fn[end]<number | null>('bucket_ms').as('bucket_ms'))
      .where('bucket_ms', '>=', fromMs)
      .where('bucket_ms', '<', toMs)
  const edges = (end: 'min' | 'max') =>
    prepare(connection, (span: Span) =>
      kysely.selectNoFrom([
        edge('model_usage', end, span).as('models'),
        edge('tool_usage', end, span).as('tools'),
        edge('activity', end, span).as('activity'),
      ]),
    )
  const first = edges('min')
  const last = edges('max')

  return {
    reader,
    ...createWorkReader(connection.shared),
    nextBucket: async (fromMs) => leastOf(first.get({ fromMs, toMs: EVER_MS })),
    bounds: async (untilMs) => {
      const span = { fromMs: -EVER_MS, toMs: untilMs }
      const fromMs = leastOf(first.get(span))
      if (fromMs === undefined) return undefined
      return { fromMs, toMs: Math.max(...bucketsIn(last.get(span))) + BUCKET_MS }
    },
  }
}

const EVER_MS = Number.MAX_VALUE

type Edges = Readonly<Record<string, number | null>> | undefined

function leastOf(edges: Edges): number | undefined {
  const known = bucketsIn(edges)
  return known.length === 0 ? undefined : Math.min(...known)
}

function bucketsIn(edges: Edges): number[] {
  return Object.values(edges ?? {}).filter((bucketMs) => bucketMs !== null)
}
