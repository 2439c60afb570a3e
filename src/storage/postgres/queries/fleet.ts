/** Who reports, and what their last records tell of the programs that send them. */
import { sql } from 'kysely'
import { parseJsonText } from '../../json-text.ts'
import { unpackJson } from '../../packed-json.ts'
import type { FleetReader, SessionTail } from '../../store-reader.ts'
import type { Database } from '../connection.ts'
import { among, sessionsMatching } from './session-filter.ts'

/** Batches at the end of a session that are looked at: enough for each of its signals. */
const TAIL_BATCHES = 50
const EVERYONE = { attributes: [] }

interface TailRow {
  readonly session_ref: number
  readonly id: number
  readonly signal: SessionTail['signals'][number]
  readonly resource: string
  readonly scope_version: string
}

export function createFleetReader(database: Database): FleetReader {
  const { kysely } = database

  /** Of the last metrics of each session, by the positions of their batches. */
  async function temporalities(
    rows: readonly TailRow[],
  ): Promise<ReadonlyMap<number, SessionTail['temporality']>> {
    const ids = rows.map(({ id }) => id)
    const found = await kysely
      .selectFrom('record_batches')
      .select(['id', 'body'])
      .where(among('id', ids))
      .execute()
    return new Map(found.map(({ id, body }) => [id, temporalityIn(body)]))
  }

  async function promptsOf(ids: readonly number[]) {
    const rows = await kysely
      .selectFrom('prompts')
      .select(({ fn }) => [
        'session_ref',
        fn.countAll<number>().as('prompts'),
        fn.count<number>('text').as('texts'),
      ])
      .where(among('session_ref', ids))
      .groupBy('session_ref')
      .execute()
    return new Map(rows.map((row) => [row.session_ref, row]))
  }

  return {
    reporters: async (sinceMs, limit) => {
      const groups = sessionsMatching(kysely, EVERYONE)
        .where('last_ms', '>=', sinceMs)
        .groupBy(['user_id', 'agent'])
        .select((eb) => [
          'user_id',
          'agent',
          eb.fn.countAll<number>().as('sessions'),
          sql<number | null>`min(first_ms)`.as('first_ms'),
          sql<number>`max(last_ms)`.as('last_ms'),
          sql<number>`max(sessions.id)`.as('newest_id'),
        ])
      const rows = await kysely
        .selectFrom(groups.as('reporters'))
        .innerJoin('sessions', 'sessions.id', 'reporters.newest_id')
        .select(['reporters.user_id', 'reporters.agent', 'reporters.sessions'])
        .select(['reporters.first_ms', 'reporters.last_ms', 'reporters.newest_id'])
        .select('sessions.team')
        .orderBy('reporters.last_ms', 'desc')
        .orderBy('reporters.newest_id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        userId: row.user_id ?? undefined,
        team: row.team ?? undefined,
        agent: row.agent,
        sessions: row.sessions,
        firstMs: row.first_ms ?? row.last_ms,
        lastMs: row.last_ms,
        newestSessionId: row.newest_id,
      }))
    },
    tails: async (sessionIds) => {
      const rows = await database.query<TailRow>(
        `select asked.id as session_ref, b.id, b.signal, o.resource, o.scope_version
         from unnest($1::bigint[]) as asked (id)
         cross join lateral (
           select id, signal, origin_ref from record_batches where session_ref = asked.id
           order by id desc limit ${TAIL_BATCHES}) b
         join origins o on o.id = b.origin_ref
         order by b.id desc`,
        [sessionIds],
      )
      const bySession = Map.groupBy(rows, ({ session_ref }) => session_ref)
      const lastMetrics = [...bySession.values()].flatMap(
        (tail) => tail.find(({ signal }) => signal === 'metric') ?? [],
      )
      const [temporalityOf, prompts] = [
        await temporalities(lastMetrics),
        await promptsOf(sessionIds),
      ]
      return new Map(
        sessionIds.map((id): [number, SessionTail] => {
          const tail = bySession.get(id) ?? []
          const metrics = tail.find(({ signal }) => signal === 'metric')
          const told = prompts.get(id)
          return [
            id,
            {
              resource: resourceOf(tail[0]?.resource),
              scopeVersion: tail[0]?.scope_version ?? '',
              signals: [...new Set(tail.map(({ signal }) => signal))],
              temporality: metrics && temporalityOf.get(metrics.id),
              prompts: told?.prompts ?? 0,
              promptTexts: told?.texts ?? 0,
            },
          ]
        }),
      )
    },
  }
}

function temporalityIn(body: Buffer): SessionTail['temporality'] {
  try {
    const [first] = JSON.parse(unpackJson(body)) as readonly { temporality?: unknown }[]
    const kind = first?.temporality
    return kind === 'delta' || kind === 'cumulative' ? kind : undefined
  } catch {
    return undefined
  }
}

function resourceOf(text = '{}'): SessionTail['resource'] {
  const parsed = parseJsonText(text)
  const value = parsed.ok ? parsed.value : undefined
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as SessionTail['resource']) : {}
}
