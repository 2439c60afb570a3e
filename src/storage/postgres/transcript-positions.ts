/** How far transcripts were read. */
import { createHash } from 'node:crypto'
import { sessionKeyOf } from '../../domain/identity.ts'
import type { TranscriptPosition, TranscriptPositions } from '../../domain/transcript-files.ts'
import { MAX_NEAR, soughtOf, spanOf, type Told, writersOf } from '../transcript-tellers.ts'
import type { Database } from './connection.ts'
import { plainText } from './stored-values.ts'
import { insertRows, type Row } from './values-list.ts'
import type { Write } from './writer.ts'

const COLUMNS = ['path_hash', 'position', 'head', 'state', 'read_ms']

export function createTranscriptPositions(database: Database, write: Write): TranscriptPositions {
  return {
    toldBy: async ({ agent, sessionId }, lines) => {
      const { keys, promptIds } = soughtOf(lines)
      const { fromMs, toMs } = spanOf(lines)
      const told = await database.query<Told>(
        `with near as materialized (
           select id, session_id from sessions
           where agent = $1 and session_id <> $2 and first_ms <= $4 and last_ms >= $3
           order by first_ms limit ${MAX_NEAR})
         select s.dedup_key as told, n.session_id as "sessionId"
         from near n join seen s on s.session_ref = n.id and s.dedup_key = any($5)
         union all
         select p.prompt_id, n.session_id from near n join prompts p on p.session_ref = n.id
         where p.prompt_id = any($6) and p.dedup_key not like 'prompt|%'`,
        [agent, sessionId, fromMs, toMs, keys, promptIds],
      )
      return writersOf(lines, told)
    },
    get: async (path) => {
      const [found] = await database.query<Omit<TranscriptPosition, 'path'>>(
        'select position, head, state from transcript_files where path_hash = $1',
        [hashOf(path)],
      )
      return found && { path, ...found }
    },
    ranks: async (sessions) => {
      const keys = sessions.map(({ agent, sessionId }) => sessionKeyOf(agent, sessionId))
      const rows = await database.query<{
        readonly key: string
        readonly begun: number | null
        readonly ended: number | null
      }>(
        `select s.session_key as key, t.begun_ms as begun, t.ended_ms as ended
         from sessions s join transcript_sessions t on t.session_ref = s.id
         where s.session_key = any($1)`,
        [keys],
      )
      const known = new Map(rows.map((row) => [row.key, row]))
      return keys.map((key) => {
        const { begun = null, ended = null } = known.get(key) ?? {}
        return begun === null || ended === null ? undefined : { begunMs: begun, order: ended }
      })
    },
    put: async (positions, nowMs) => {
      const newest = new Map(positions.map((position) => [hashOf(position.path), position]))
      const rows = [...newest].sort(([a], [b]) => (a < b ? -1 : 1))
      await write(() =>
        database.transaction((statements) =>
          insertRows(
            statements,
            'transcript_files',
            COLUMNS,
            rows.map(([hash, { position, head, state }]): Row => {
              return [hash, position, plainText(head), plainText(state), nowMs]
            }),
            `on conflict (path_hash) do update set position = excluded.position,
               head = excluded.head, state = excluded.state, read_ms = excluded.read_ms`,
          ),
        ),
      )
    },
    rank: async (sessions) => {
      const keys = sessions.map(({ agent, sessionId }) => sessionKeyOf(agent, sessionId))
      await write(() =>
        database.run(
          `update transcript_sessions t set begun_ms = w.begun, ended_ms = w.ended
           from unnest($1::text[], $2::double precision[], $3::double precision[])
             as w (key, begun, ended)
           join sessions s on s.session_key = w.key
           where t.session_ref = s.id and (t.begun_ms is null or w.begun <= t.begun_ms)`,
          [keys, sessions.map(({ rank }) => rank.begunMs), sessions.map(({ rank }) => rank.order)],
        ),
      )
    },
  }
}

/** Names of folders may be secret, and nothing here needs them. */
function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex')
}
