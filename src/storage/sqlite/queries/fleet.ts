/** Who reports, and what their last records tell of the programs that send them. */
import { sql } from 'kysely'
import type { ReadConnection } from '../connection.ts'
import type { FleetReader, Reporter, SessionTail } from '../../store-reader.ts'
import { sessionsMatching } from './session-filter.ts'

/** Batches at the end of a session that are looked at: enough for each of its signals. */
const TAIL_BATCHES = 50
const EVERYONE = { attributes: [] }

export function createFleetQueries({ kysely, handle }: ReadConnection): FleetReader {
  // The body of a batch is large, and only that of the last metrics is looked into.
  const tail = handle.prepare<[number, number], TailRow>(`
    select signal, origins.resource as resource, origins.scope_version as scope_version,
      record_batches.id as id
    from record_batches join origins on origins.id = record_batches.origin_ref
    where session_ref = ? order by record_batches.id desc limit ?`)
  const temporality = handle.prepare<[number], { temporality: string | null }>(`
    select case when json_valid(body) then json_extract(body, '$[0].temporality') end as temporality
    from record_batches where id = ?`)
  const prompts = handle.prepare<[number], { prompts: number; texts: number }>(
    'select count(*) as prompts, count(text) as texts from prompts where session_ref = ?',
  )

  async function reporters(sinceMs: number, limit: number): Promise<readonly Reporter[]> {
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
      .select([
        'reporters.user_id',
        'reporters.agent',
        'reporters.sessions',
        'reporters.first_ms',
        'reporters.last_ms',
        'reporters.newest_id',
        'sessions.team',
      ])
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
  }

  function tailOf(sessionId: number): SessionTail {
    const rows = tail.all(sessionId, TAIL_BATCHES)
    const [newest] = rows
    const metrics = rows.find(({ signal }) => signal === 'metric')
    const told = prompts.get(sessionId)
    const kind = metrics && temporality.get(metrics.id)?.temporality
    return {
      resource: resourceOf(newest?.resource),
      scopeVersion: newest?.scope_version ?? '',
      signals: [...new Set(rows.map(({ signal }) => signal))],
      temporality: kind === 'delta' || kind === 'cumulative' ? kind : undefined,
      prompts: told?.prompts ?? 0,
      promptTexts: told?.texts ?? 0,
    }
  }

  return {
    reporters,
    tails: async (sessionIds) => new Map(sessionIds.map((id) => [id, tailOf(id)])),
  }
}

interface TailRow {
  readonly id: number
  readonly signal: SessionTail['signals'][number]
  readonly resource: string
  readonly scope_version: string
}

function resourceOf(text: string | undefined): SessionTail['resource'] {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as SessionTail['resource']) : {}
  } catch {
    return {}
  }
}
