/**
 * What was used within a slice of time, a day or an hour: few rows, read in a few milliseconds
 * each, which whoever asks adds up. Times are those of the quarters of an hour.
 */
import { sql } from 'kysely'
import { BUCKET_MS } from '../../domain/usage.ts'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../read-connection.ts'
import { type SessionFilter, sessionsMatching } from './session-filter.ts'
import type { Span, UsageSlice } from './usage-slice.ts'

export interface UsageQueries {
  /** Reads slices for one filter: its statements are prepared once. */
  reader(filter: SessionFilter): (span: Span) => UsageSlice
  /** From the first quarter of an hour that has something to the end of the last; undefined when nothing has. */
  bounds(): Span | undefined
  /** The first quarter of an hour from `fromMs` on that has something. */
  nextBucket(fromMs: number): number | undefined
}

type UsageTable = 'model_usage' | 'tool_usage' | 'activity'

/** `ids` of sessions as a JSON list. */
type Within = Span & { readonly ids: string }

export function createUsageQueries(connection: ReadConnection): UsageQueries {
  const { kysely } = connection

  function reader(filter: SessionFilter): (span: Span) => UsageSlice {
    const sessions = prepare(connection, (span: Span) =>
      sessionsMatching(kysely, filter)
        .select(['id', 'project', 'team', 'user_id', 'first_prompt_ms', 'first_commit_ms'])
        .where('id', 'in', () =>
          activeIn('model_usage', span)
            .unionAll(activeIn('tool_usage', span))
            .unionAll(activeIn('activity', span)),
        ),
    )
    const models = prepare(connection, (within: Within) =>
      usedWithin('model_usage', within)
        .select(({ fn }) => [
          'session_ref',
          'model',
          fn.sum<number>('calls').as('calls'),
          fn.sum<number>('errors').as('errors'),
          fn.sum<number | null>('cost_usd').as('cost_usd'),
          fn.sum<number | null>('input_tokens').as('input_tokens'),
          fn.sum<number | null>('output_tokens').as('output_tokens'),
          fn.sum<number | null>('cache_read_tokens').as('cache_read_tokens'),
          fn.sum<number | null>('cache_creation_tokens').as('cache_creation_tokens'),
        ])
        .$if(filter.model !== undefined, (query) => query.where('model', '=', filter.model ?? ''))
        .groupBy(['session_ref', 'model']),
    )
    const tools = prepare(connection, (within: Within) =>
      usedWithin('tool_usage', within)
        .select(({ fn }) => [
          'tool',
          fn.sum<number>('results').as('results'),
          fn.sum<number>('failures').as('failures'),
          fn.sum<number>('refusals').as('refusals'),
          fn.sum<number | null>('duration_ms').as('duration_ms'),
        ])
        .groupBy('tool'),
    )
    const activity = prepare(connection, (within: Within) =>
      usedWithin('activity', within)
        .select(({ fn }) => ['measure', 'facet', fn.sum<number | null>('value').as('value')])
        .groupBy(['measure', 'facet']),
    )
    return ({ fromMs, toMs }) => {
      const active = sessions.all({ fromMs, toMs })
      const within = { fromMs, toMs, ids: JSON.stringify(active.map(({ id }) => id)) }
      return {
        sessions: active,
        models: models.all(within),
        tools: tools.all(within),
        activity: activity.all(within),
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

  const edge = (table: UsageTable, end: 'min' | 'max', fromMs: number) =>
    kysely
      .selectFrom(table)
      .select(({ fn }) => fn[end]<number | null>('bucket_ms').as('bucket_ms'))
      .where('bucket_ms', '>=', fromMs)
  const edges = (end: 'min' | 'max') =>
    prepare(connection, ({ fromMs }: { fromMs: number }) =>
      kysely.selectNoFrom([
        edge('model_usage', end, fromMs).as('models'),
        edge('tool_usage', end, fromMs).as('tools'),
        edge('activity', end, fromMs).as('activity'),
      ]),
    )
  const first = edges('min')
  const last = edges('max')

  function nextBucket(fromMs: number): number | undefined {
    const known = bucketsIn(first.get({ fromMs }))
    return known.length === 0 ? undefined : Math.min(...known)
  }

  return {
    reader,
    nextBucket,
    bounds: () => {
      const everMs = -Number.MAX_VALUE
      const fromMs = nextBucket(everMs)
      if (fromMs === undefined) return undefined
      return { fromMs, toMs: Math.max(...bucketsIn(last.get({ fromMs }))) + BUCKET_MS }
    },
  }
}

function bucketsIn(edges: Readonly<Record<string, number | null>> | undefined): number[] {
  return Object.values(edges ?? {}).filter((bucketMs) => bucketMs !== null)
}
