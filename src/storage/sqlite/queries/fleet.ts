/** Who reports, and what their last records tell of the programs that send them. */
import type { ReadConnection } from '../connection.ts'
import { readReporters } from '../../shared/reporters.ts'
import { resourceOf } from '../../stored-rows.ts'
import type { FleetReader, SessionTail } from '../../store-reader.ts'

/** Batches at the end of a session that are looked at: enough for each of its signals. */
const TAIL_BATCHES = 50

export function createFleetQueries({ handle, shared }: ReadConnection): FleetReader {
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
    reporters: readReporters(shared),
    tails: async (sessionIds) => new Map(sessionIds.map((id) => [id, tailOf(id)])),
  }
}

interface TailRow {
  readonly id: number
  readonly signal: SessionTail['signals'][number]
  readonly resource: string
  readonly scope_version: string
}
