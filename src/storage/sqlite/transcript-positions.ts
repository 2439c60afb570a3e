/** How far transcripts were read. */
import { hash } from 'node:crypto'
import { sessionKeyOf } from '../../domain/identity.ts'
import type { TranscriptPositions } from '../../domain/transcript-files.ts'
import { MAX_NEAR, soughtOf, spanOf, type Told, writersOf } from '../transcript-tellers.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import type { Write } from './writer.ts'

interface NearLines {
  readonly agent: string
  readonly sessionId: string
  readonly fromMs: number
  readonly toMs: number
  /** A JSON list. */
  readonly ids: string
}

export function createTranscriptPositions(
  connection: Connection,
  write: Write,
): TranscriptPositions {
  const { kysely, handle } = connection
  const find = prepare(connection, ({ hash }: { hash: string }) =>
    kysely
      .selectFrom('transcript_files')
      .select(['position', 'head', 'state'])
      .where('path_hash', '=', hash),
  )
  const put = prepare(connection, (row: NewRow<'transcript_files'>) =>
    kysely
      .insertInto('transcript_files')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('path_hash').doUpdateSet((eb) => ({
          position: eb.ref('excluded.position'),
          head: eb.ref('excluded.head'),
          state: eb.ref('excluded.state'),
          read_ms: eb.ref('excluded.read_ms'),
        })),
      ),
  )
  const putRank = handle.prepare<[{ key: string; begunMs: number; order: number }]>(
    `update transcript_sessions set begun_ms = :begunMs, ended_ms = :order
     where session_ref = (select id from sessions where session_key = :key)
       and (begun_ms is null or :begunMs <= begun_ms)`,
  )
  const findRank = handle.prepare<[string], { begunMs: number | null; order: number | null }>(
    `select begun_ms as "begunMs", ended_ms as "order" from transcript_sessions
     where session_ref = (select id from sessions where session_key = ?)`,
  )
  const near = `with near as materialized (
     select id, session_id from sessions
     where agent = :agent and session_id <> :sessionId and first_ms <= :toMs and last_ms >= :fromMs
     order by first_ms limit ${MAX_NEAR})`
  const tellers = handle.prepare<[NearLines], Told>(
    `${near} select w.value as told, n.session_id as "sessionId" from json_each(:ids) w
     cross join near n join seen s on s.session_ref = n.id and s.dedup_key = w.value`,
  )
  const promptTellers = handle.prepare<[NearLines], Told>(
    `${near} select p.prompt_id as told, n.session_id as "sessionId"
     from near n join prompts p on p.session_ref = n.id
     where p.prompt_id in (select value from json_each(:ids)) and p.dedup_key not like 'prompt|%'`,
  )
  return {
    toldBy: async ({ agent, sessionId }, lines) => {
      const session = { agent, sessionId, ...spanOf(lines) }
      const { keys, promptIds } = soughtOf(lines)
      const told = [
        ...(keys.length > 0 ? tellers.all({ ...session, ids: JSON.stringify(keys) }) : []),
        ...(promptIds.length > 0
          ? promptTellers.all({ ...session, ids: JSON.stringify(promptIds) })
          : []),
      ]
      return writersOf(lines, told)
    },
    ranks: async (sessions) =>
      sessions.map(({ agent, sessionId }) => {
        const { begunMs = null, order = null } = findRank.get(sessionKeyOf(agent, sessionId)) ?? {}
        return begunMs === null || order === null ? undefined : { begunMs, order }
      }),
    get: async (path) => {
      const found = find.get({ hash: hashOf(path) })
      return found && { path, ...found }
    },
    put: async (positions, nowMs) => {
      await write(() =>
        handle
          .transaction(() => {
            for (const { path, ...position } of positions) {
              put.run({ path_hash: hashOf(path), ...position, read_ms: nowMs })
            }
          })
          .immediate(),
      )
    },
    rank: async (sessions) => {
      await write(() =>
        handle
          .transaction(() => {
            for (const { agent, sessionId, rank } of sessions) {
              const { begunMs, order } = rank
              putRank.run({ key: sessionKeyOf(agent, sessionId), begunMs, order })
            }
          })
          .immediate(),
      )
    },
  }
}

/** Names of folders may be secret, and nothing here needs them. */
function hashOf(path: string): string {
  return hash('sha256', path)
}
