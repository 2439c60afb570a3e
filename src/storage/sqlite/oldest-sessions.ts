/**
 * Closed sessions that may be deleted, the one written longest ago first: those of which nothing
 * waits for an exporter that delivers at present.
 *
 * The outbox is looked through for that once, in slices, since it has no index on sessions: one
 * would cost every emission more. A session that was written since is passed over, so what it may
 * have put into the outbox meanwhile does not matter.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import { isReadBy } from './outbox-addresses.ts'
import type { OutboxTable } from './outbox-table.ts'
import { prepare } from './prepared.ts'
import type { IdRange, SessionToDelete, StoredSession } from './session-deletion.ts'

export interface OldestSessions {
  /** Begins at the oldest again. */
  begin(nowMs: number): void
  /** One slice of looking through the outbox; true while there is more of it. */
  look(): boolean
  /** The next one that was last written before that; `undefined` at the end. */
  next(beforeMs: number): NextSession
  /** Those passed over since the beginning, because something of them waits. */
  waiting(): number
}

/** `later`: many had to be passed over, the next slice goes on. */
export type NextSession = SessionToDelete | 'later' | undefined

interface OldestSessionsDeps {
  readonly connection: Connection
  readonly outbox: Pick<OutboxTable, 'counts' | 'queues' | 'isPending'>
  /** Exporters that deliver at present. What waits for others keeps no session, and goes with it. */
  readonly active: ReadonlySet<string>
}

const ITEMS_PER_SLICE = 500
/** Read at once, and passed over in one slice at most. */
const SESSIONS_PER_SLICE = 500

export function createOldestSessions(deps: OldestSessionsDeps): OldestSessions {
  const { connection, outbox, active } = deps
  const { kysely } = connection
  const items = prepare(connection, ({ afterId }: { afterId: number }) =>
    kysely
      .selectFrom('outbox')
      .select(['id', 'session_key', 'kind', 'destination'])
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(sql.lit(ITEMS_PER_SLICE)),
  )
  const closed = prepare(connection, (after: { writtenMs: number; id: number }) =>
    kysely
      .selectFrom('sessions')
      .select(['id', 'session_key as key', 'updated_ms as writtenMs'])
      .where('deadline_ms', 'is', sql.lit(null))
      .where('updated_ms', '>=', after.writtenMs)
      .where((eb) => eb.or([eb('updated_ms', '>', after.writtenMs), eb('id', '>', after.id)]))
      .orderBy('updated_ms')
      .orderBy('id')
      .limit(sql.lit(SESSIONS_PER_SLICE)),
  )
  const written = prepare(connection, ({ id }: { id: number }) =>
    kysely.selectFrom('sessions').select(['deadline_ms', 'updated_ms']).where('id', '=', id),
  )

  let beganMs = 0
  let lookedAtId: number | undefined
  /** By session: between which ids something of it waits, and whether an active exporter waits. */
  let waiting = new Map<string, IdRange & { readonly isActive: boolean }>()
  let candidates: StoredSession[] = []
  let last = { writtenMs: -Number.MAX_VALUE, id: 0 }
  let passedOver = 0

  /** As it was when it was found: neither deleted nor heard of since. */
  function isAsFound({ id, writtenMs }: StoredSession): boolean {
    const now = written.get({ id })
    return now?.deadline_ms === null && now.updated_ms === writtenMs
  }

  return {
    begin: (nowMs) => {
      beganMs = nowMs
      lookedAtId = outbox.counts().pending === 0 ? undefined : 0
      waiting = new Map()
      candidates = []
      last = { writtenMs: -Number.MAX_VALUE, id: 0 }
      passedOver = 0
    },
    look: () => {
      if (lookedAtId === undefined) return false
      const rows = items.all({ afterId: lookedAtId })
      const queues = outbox.queues()
      for (const { id, session_key, ...of } of rows) {
        const pending = queues.filter((queue) => isReadBy(queue, of) && outbox.isPending(queue, id))
        if (pending.length === 0) continue
        const before = waiting.get(session_key)
        const isActive =
          before?.isActive === true || pending.some(({ exporter }) => active.has(exporter))
        waiting.set(session_key, { first: before?.first ?? id, last: id, isActive })
      }
      lookedAtId = rows.length < ITEMS_PER_SLICE ? undefined : rows.at(-1)?.id
      return lookedAtId !== undefined
    },
    next: (beforeMs) => {
      for (let looks = 0; looks < SESSIONS_PER_SLICE; looks += 1) {
        if (candidates.length === 0) candidates = closed.all(last)
        const [candidate] = candidates
        if (candidate === undefined) return undefined
        if (candidate.writtenMs >= Math.min(beforeMs, beganMs)) return undefined
        candidates.shift()
        last = candidate
        const items = waiting.get(candidate.key)
        if (items?.isActive === true) passedOver += 1
        else if (isAsFound(candidate)) return { session: candidate, items }
      }
      return 'later'
    },
    waiting: () => passedOver,
  }
}
