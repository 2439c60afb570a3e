/**
 * One lane's queue over PostgreSQL. `due` claims what it returns: it takes a lease of each session among
 * the items, which keeps other replicas off everything of that session in this queue until all that was
 * taken of it is marked, or taken anew. So what is on its way of a session is with one replica at a time.
 */
import type { Outbox, OutboxItem } from '../../domain/outbox.ts'
import { EMISSION_VERSION, readEmission } from '../emission-text.ts'
import type { Queue } from '../outbox-queues.ts'
import { unpackJson } from '../packed-json.ts'
import type { StoreLog } from '../store-log.ts'
import type { Database, Statements } from './connection.ts'
import { lockItems, removeUnneeded } from './outbox-rows.ts'
import { isAlive, isFree } from './replica.ts'
import type { Write } from './writer.ts'

interface PostgresOutboxDeps {
  readonly database: Database
  readonly write: Write
  /** Number of this replica. */
  readonly self: number
  readonly log: StoreLog
}

interface TakenRow {
  readonly id: number
  readonly attempts: number
  readonly session_key: string
  readonly payload_version: number
  readonly payload: Buffer
}

/** No other replica has the session of the delivery `d`; `$1` and `$2` are the queue. */
function isSessionFree(self: string): string {
  return `not exists (
    select 1 from outbox_leases l where l.exporter = $1 and l.kind = $2
      and l.session_key = d.session_key and not ${isFree('l.owner', self)})`
}

const PENDING = `d.exporter = $1 and d.kind = $2 and d.state = 'pending'`

/** What a newer program wrote beside this one is left to it. */
const READABLE = `exists (
  select 1 from outbox r where r.id = d.outbox_id and r.payload_version <= ${EMISSION_VERSION})`

// What was never tried stands in the order of its ids in the index; what was put off is sorted, and is
// little, since a server that fails is left alone as a whole.
const TAKE = `
  with untried as (
    select d.outbox_id, d.session_key, d.attempts from outbox_deliveries d
    where ${PENDING} and d.not_before_ms = 0 and ${isSessionFree('$5')}
      and ${READABLE}
    order by d.outbox_id limit $4 for update of d skip locked),
  again as (
    select d.outbox_id, d.session_key, d.attempts from outbox_deliveries d
    where ${PENDING} and d.not_before_ms > 0 and d.not_before_ms <= $3 and ${isSessionFree('$5')}
      and ${READABLE}
    order by d.outbox_id limit $4 for update of d skip locked),
  found as (
    select * from untried union all select * from again order by outbox_id limit $4),
  measured as (
    select found.*, o.bytes, sum(o.bytes) over (order by outbox_id) as through
    from found join outbox o on o.id = outbox_id),
  fitting as (select * from measured where through <= $6 or through = bytes),
  leased as (
    insert into outbox_leases (exporter, kind, session_key, owner)
    select distinct $1, $2, session_key, $5::integer from fitting order by session_key
    on conflict (exporter, kind, session_key) do update set owner = excluded.owner
      where ${isFree('outbox_leases.owner', '$5')}
    returning session_key)
  select o.id, f.attempts, f.session_key, o.payload_version, o.payload
  from fitting f join leased using (session_key) join outbox o on o.id = f.outbox_id
  order by o.id`

const NEXT_DUE = `
  select coalesce(
    (select 0 from outbox_deliveries d
     where ${PENDING} and d.not_before_ms = 0 and ${isSessionFree('$3')}
       and ${READABLE} limit 1),
    (select d.not_before_ms from outbox_deliveries d
     where ${PENDING} and d.not_before_ms > 0 and ${isSessionFree('$3')}
       and ${READABLE}
     order by d.not_before_ms limit 1)) as ms`

export function createPostgresOutbox(deps: PostgresOutboxDeps, queue: Queue): Outbox {
  const { database, write, self, log } = deps
  const { exporter, kind } = queue
  /** Sessions of which something is taken, with what of it is not marked yet. */
  let taken = new Map<string, Set<number>>()

  async function take(nowMs: number, maxItems: number, maxBytes: number) {
    const values = [exporter, kind, nowMs, maxItems, self, maxBytes]
    const rows = await write(() => database.query<TakenRow>(TAKE, values))
    const before = [...taken.keys()]
    taken = new Map()
    for (const { id, session_key } of rows) {
      const ids = taken.get(session_key) ?? new Set()
      taken.set(session_key, ids.add(id))
    }
    // What was taken before and is not marked was not sent: others may have it.
    await release(
      database,
      before.filter((key) => !taken.has(key)),
    )
    return rows
  }

  async function release(statements: Statements, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return
    await statements.run(
      `delete from outbox_leases
       where exporter = $1 and kind = $2 and owner = $3 and session_key = any($4)`,
      [exporter, kind, self, keys],
    )
  }

  /** One transaction for the marks and for the sessions that are free with them. */
  async function mark(
    ids: readonly number[],
    change: (statements: Statements) => Promise<unknown>,
  ): Promise<void> {
    if (ids.length === 0) return
    const marked = new Set(ids)
    const isMarked = (own: Set<number>) => [...own].every((id) => marked.has(id))
    const done = [...taken].filter(([, own]) => isMarked(own)).map(([key]) => key)
    await write(() =>
      database.transaction(async (statements) => {
        await lockItems(statements, ids)
        await change(statements)
        await release(statements, done)
      }),
    )
    for (const own of taken.values()) for (const id of ids) own.delete(id)
    for (const key of done) taken.delete(key)
  }

  async function putAside(
    statements: Statements,
    ids: readonly number[],
    reason: string,
  ): Promise<void> {
    await statements.run(
      `update outbox_deliveries d set state = 'dead', reason = $3
       where ${PENDING} and d.outbox_id = any($4)`,
      [exporter, kind, reason, ids],
    )
  }

  return {
    due: async (nowMs, maxItems, maxBytes) => {
      for (;;) {
        const rows = await take(nowMs, maxItems, maxBytes)
        const read = rows.map((row) => ({ ...row, emission: emissionIn(row) }))
        const items = read.flatMap(({ id, attempts, emission }): OutboxItem[] =>
          emission.ok ? [{ id, attempts, emission: emission.value }] : [],
        )
        for (const { id, emission } of read) {
          if (emission.ok) continue
          const reason = emission.error
          await mark([id], (statements) => putAside(statements, [id], reason))
          log.warn(
            { exporter, outboxId: id, reason },
            'stored emission is unreadable, moved it to the dead items',
          )
        }
        // Nothing could be read of these: they are dead now, the next may be better.
        if (items.length > 0 || rows.length === 0) return items
      }
    },
    nextDueMs: async () => {
      const [row] = await database.query<{ readonly ms: number | null }>(NEXT_DUE, [
        exporter,
        kind,
        self,
      ])
      return row?.ms ?? undefined
    },
    isHeldByLeaving: async () => {
      const [row] = await database.query<{ readonly is_held: boolean }>(
        `select exists (
           select 1 from outbox_leases l join replicas r on r.id = l.owner
           where l.exporter = $1 and l.kind = $2 and l.owner <> $3::integer
             and r.stopping_at is not null and ${isAlive('r')}) as is_held`,
        [exporter, kind, self],
      )
      return row?.is_held === true
    },
    delivered: (ids) =>
      mark(ids, async (statements) => {
        await statements.run(
          `delete from outbox_deliveries
           where exporter = $1 and kind = $2 and outbox_id = any($3)`,
          [exporter, kind, ids],
        )
        await removeUnneeded(statements, ids)
      }),
    // Not where another replica has taken it since: that one says what becomes of it.
    retryLater: (ids, notBeforeMs, reason) =>
      mark(ids, (statements) =>
        statements.run(
          `update outbox_deliveries d set attempts = attempts + 1, not_before_ms = $4, reason = $5
           where ${PENDING} and d.outbox_id = any($6) and ${isSessionFree('$3')}`,
          [exporter, kind, self, notBeforeMs, reason, ids],
        ),
      ),
    bury: (ids, reason) => mark(ids, (statements) => putAside(statements, ids, reason)),
    stats: async () => {
      const [row] = await database.query<{
        readonly pending: number
        readonly dead: number
        readonly oldest: number | null
      }>(
        `select count(*) filter (where state = 'pending') as pending,
           count(*) filter (where state = 'dead') as dead,
           (select o.created_ms from outbox_deliveries d join outbox o on o.id = d.outbox_id
            where ${PENDING} order by d.outbox_id limit 1) as oldest
         from outbox_deliveries where exporter = $1 and kind = $2`,
        [exporter, kind],
      )
      return {
        pending: row?.pending ?? 0,
        dead: row?.dead ?? 0,
        oldestPendingMs: row?.oldest ?? undefined,
      }
    },
  }
}

function emissionIn({ payload, payload_version }: TakenRow): ReturnType<typeof readEmission> {
  try {
    return readEmission(unpackJson(payload), payload_version)
  } catch {
    return readEmission('', payload_version)
  }
}
