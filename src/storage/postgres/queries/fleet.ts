/** Who reports, and what their last records tell of the programs that send them. */
import { unpackJson } from '../../packed-json.ts'
import { readReporters } from '../../shared/reporters.ts'
import { resourceOf } from '../../stored-rows.ts'
import type { FleetReader, SessionTail } from '../../store-reader.ts'
import type { Database } from '../connection.ts'
import { among } from '../dialect.ts'

/** Batches at the end of a session that are looked at: enough for each of its signals. */
const TAIL_BATCHES = 50

interface TailRow {
  readonly session_ref: number
  readonly id: number
  readonly signal: SessionTail['signals'][number]
  readonly resource: string
  readonly scope_version: string
}

export function createFleetReader(database: Database): FleetReader {
  const { kysely, shared } = database

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
    reporters: readReporters(shared),
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
