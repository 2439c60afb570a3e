/** How far transcripts were read. */
import { hash } from 'node:crypto'
import { sessionKeyOf } from '../../domain/identity.ts'
import type { TranscriptPositions } from '../../domain/transcript-files.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import type { Write } from './writer.ts'

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
  return {
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
