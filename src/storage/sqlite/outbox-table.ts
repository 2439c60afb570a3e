/**
 * The rows of the outbox, and how far each exporter has got with them. Every change is made here, so
 * that how many items wait, and of what size, is known without counting: there may be a million.
 *
 * An item is stored once. An exporter reads the items of a kind in the order of their ids; its
 * position is the last one that had its turn, so a commit costs the same however many exporters there
 * are. What was not delivered in its turn is an exception. A row goes when no exporter needs it.
 *
 * A score has one row: a newer one takes the place of the one that waits or is dead. So whoever
 * still holds the older item (a delivery that is under way) marks a row that is gone, and an older
 * score can neither be put off nor be put back once a newer one was committed.
 */
import { sql } from 'kysely'
import type {
  ItemKind,
  OutboxCounts,
  OutboxReader,
  OutgoingItem,
  QueueCounts,
} from '../../domain/outbox.ts'
import { isNamedDestination } from '../../domain/routing.ts'
import type { Connection } from './connection.ts'
import { EMISSION_VERSION, writeEmission } from '../emission-text.ts'
import { parseJsonText } from '../json-text.ts'
import type { IdBlocks } from './id-blocks.ts'
import { type NewRow, prepare } from './prepared.ts'

/** The items of one kind as one exporter sees them. */
export interface Queue {
  readonly exporter: string
  readonly kind: ItemKind
}

/** What is known of an item that says who reads it. */
export interface Addressed {
  readonly kind: ItemKind
  /** An exporter; empty for all that are no named destinations. */
  readonly destination: string
}

/** Whether an item is one of a queue's. */
export function isReadBy({ exporter, kind }: Queue, item: Addressed): boolean {
  if (kind !== item.kind) return false
  return item.destination === '' ? !isNamedDestination(exporter) : item.destination === exporter
}

/** Changes may only be made within `change` or `counted`. Those of an item that is gone do nothing. */
export interface OutboxTable {
  counts(): OutboxCounts
  queues(): readonly Queue[]
  /** The id of the last item of a queue that had its turn. */
  positionOf(queue: Queue): number
  /** Whether the exporter still has to deliver it. */
  isPending(queue: Queue, id: number): boolean
  /** Whether any exporter needs it, be it only because it is dead there. */
  isNeeded(id: number, of: Addressed): boolean
  /** Runs changes in one transaction. */
  change<T>(work: () => T): T
  /** Runs a transaction with changes in it; if it throws, the counts are what they were. */
  counted<T>(transaction: () => T): T
  /**
   * Makes these the exporters that items are kept for. A new one begins behind what is there; what
   * waited for one that is missing is no longer kept for it. Returns those that were missing.
   */
  setReaders(readers: readonly OutboxReader[]): readonly QueueCounts[]
  /**
   * For each of these exporters that reads its kind, a row; without `to` one for all that are no named
   * destinations.
   */
  insert(item: OutgoingItem, nowMs: number, to?: readonly string[]): void
  /**
   * Gives an item another payload; it waits on as it did. Of scores that have one key after that, the
   * newer stays.
   */
  rewrite(id: number, payload: string): void
  /** Deletes an item, whoever needs it. Whether there was one. */
  discard(id: number): boolean
  /** Delivered by this exporter. */
  delivered(queue: Queue, ids: readonly number[]): void
  /** Counts a failed try. */
  putOff(queue: Queue, ids: readonly number[], notBeforeMs: number, reason: string): void
  /** Makes them dead for this exporter. */
  putAside(queue: Queue, ids: readonly number[], reason: string): void
  /** Makes a dead one pending as if it were new, for every exporter that gave it up. Whether one had. */
  putBack(id: number, nowMs: number): boolean
  /** Forgets a dead one, for every exporter that gave it up. Whether one had. */
  dropDead(id: number): boolean
}

type ItemColumns = Pick<
  NewRow<'outbox'>,
  'id' | 'session_key' | 'kind' | 'destination' | 'created_ms' | 'bytes' | 'payload'
>
type Exception = NewRow<'outbox_exceptions'>

interface NamedScore {
  readonly sessionKey: string
  readonly scoreKey: string
  readonly destination: string
}

/** What an exporter reads: its own, and what is for all, which is the same again where that is not its. */
interface Addresses {
  readonly own: string
  readonly shared: string
}

interface AddressedBehind extends Addresses {
  readonly kind: ItemKind
  readonly afterId: number
}

export function addressesOf(exporter: string): Addresses {
  return { own: exporter, shared: isNamedDestination(exporter) ? exporter : '' }
}

interface Counted extends Queue {
  pending: number
  dead: number
}

export function createOutboxTable(connection: Connection, ids: IdBlocks): OutboxTable {
  const { handle, kysely } = connection
  const externalChanges = handle.prepare<[], number>('pragma data_version').pluck()

  // What all new items have in common stands in the statement: a value that is bound costs more.
  const common = { payload_version: sql.lit(EMISSION_VERSION) }
  const insertItem = prepare(connection, (row: ItemColumns) =>
    kysely.insertInto('outbox').values({ ...row, ...common, score_key: sql.lit(null) }),
  )
  const insertScore = prepare(connection, (row: ItemColumns & { score_key: string }) =>
    kysely.insertInto('outbox').values({ ...row, ...common }),
  )
  const supersede = prepare(connection, (score: NamedScore) =>
    kysely
      .deleteFrom('outbox')
      .where('session_key', '=', score.sessionKey)
      .where('score_key', '=', score.scoreKey)
      .where('destination', '=', score.destination)
      .returning(['id', 'kind', 'bytes', 'destination']),
  )
  const remove = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .deleteFrom('outbox')
      .where('id', '=', id)
      .returning(['id', 'kind', 'bytes', 'destination']),
  )
  const storedRow = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .selectFrom('outbox')
      .select(['session_key', 'score_key', 'bytes', 'destination'])
      .where('id', '=', id),
  )
  const idOfScore = prepare(connection, (score: NamedScore) =>
    kysely
      .selectFrom('outbox')
      .select('id')
      .where('session_key', '=', score.sessionKey)
      .where('score_key', '=', score.scoreKey)
      .where('destination', '=', score.destination),
  )
  const setScoreKey = prepare(
    connection,
    ({ id, score_key }: { id: number; score_key: string | null }) =>
      kysely.updateTable('outbox').set({ score_key }).where('id', '=', id),
  )
  const setPayload = prepare(
    connection,
    ({ id, payload, bytes }: { id: number; payload: string; bytes: number }) =>
      kysely.updateTable('outbox').set({ payload, bytes }).where('id', '=', id),
  )
  const renew = prepare(connection, ({ id, nowMs }: { id: number; nowMs: number }) =>
    kysely.updateTable('outbox').set({ created_ms: nowMs }).where('id', '=', id),
  )
  const idsBetween = prepare(
    connection,
    (range: { kind: ItemKind; own: string; shared: string; afterId: number; throughId: number }) =>
      kysely
        .selectFrom('outbox')
        .select('id')
        .where('kind', '=', range.kind)
        .where('destination', 'in', [range.own, range.shared])
        .where('id', '>', range.afterId)
        .where('id', '<=', range.throughId)
        .orderBy('id'),
  )
  const allPositions = prepare(connection, () => kysely.selectFrom('outbox_positions').selectAll())
  const putPosition = prepare(connection, (row: NewRow<'outbox_positions'>) =>
    kysely
      .insertInto('outbox_positions')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['exporter', 'kind']).doUpdateSet((eb) => ({
          through_id: eb.ref('excluded.through_id'),
        })),
      ),
  )
  const removePosition = prepare(connection, ({ exporter, kind }: Queue) =>
    kysely.deleteFrom('outbox_positions').where('exporter', '=', exporter).where('kind', '=', kind),
  )
  const removeExceptions = prepare(connection, ({ exporter, kind }: Queue) =>
    kysely
      .deleteFrom('outbox_exceptions')
      .where('exporter', '=', exporter)
      .where('kind', '=', kind),
  )
  const exception = prepare(connection, (key: { exporter: string; id: number }) =>
    kysely
      .selectFrom('outbox_exceptions')
      .selectAll()
      .where('exporter', '=', key.exporter)
      .where('outbox_id', '=', key.id),
  )
  const putException = prepare(connection, (row: Exception) =>
    kysely
      .insertInto('outbox_exceptions')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['exporter', 'outbox_id']).doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          attempts: eb.ref('excluded.attempts'),
          not_before_ms: eb.ref('excluded.not_before_ms'),
          reason: eb.ref('excluded.reason'),
        })),
      ),
  )
  const removeException = prepare(connection, (key: { exporter: string; id: number }) =>
    kysely
      .deleteFrom('outbox_exceptions')
      .where('exporter', '=', key.exporter)
      .where('outbox_id', '=', key.id),
  )
  const reserved = prepare(connection, () =>
    kysely.selectFrom('ids').select('reserved').where('name', '=', sql.lit('outbox')),
  )
  const untriedCount = prepare(connection, (queue: AddressedBehind) =>
    kysely
      .selectFrom('outbox')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('kind', '=', queue.kind)
      .where('destination', 'in', [queue.own, queue.shared])
      .where('id', '>', queue.afterId),
  )
  const exceptionCount = prepare(connection, (of: Queue & { state: 'pending' | 'dead' }) =>
    kysely
      .selectFrom('outbox_exceptions')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('exporter', '=', of.exporter)
      .where('kind', '=', of.kind)
      .where('state', '=', of.state),
  )
  const allBytes = prepare(connection, () =>
    kysely.selectFrom('outbox').select(({ fn }) => fn.sum<number | null>('bytes').as('bytes')),
  )
  const transaction = handle.transaction((work: () => unknown) => work())

  let known: Counted[] = []
  let knownBytes = 0
  let countedAt: number | undefined
  /** As they are in the database; read anew in each transaction, since commands change them, too. */
  let positions: NewRow<'outbox_positions'>[] | undefined

  function currentPositions(): NewRow<'outbox_positions'>[] {
    positions ??= allPositions.all({})
    return positions
  }

  function positionOf({ exporter, kind }: Queue): number {
    const row = currentPositions().find((p) => p.exporter === exporter && p.kind === kind)
    return row?.through_id ?? Number.MAX_SAFE_INTEGER
  }

  function advance(queue: Queue, throughId: number): void {
    putPosition.run({ exporter: queue.exporter, kind: queue.kind, through_id: throughId })
    positions = undefined
  }

  function counted<T>(work: () => T): T {
    const before = { known: known.map((counts) => ({ ...counts })), knownBytes }
    positions = undefined
    try {
      return work()
    } catch (error) {
      known = before.known
      knownBytes = before.knownBytes
      throw error
    } finally {
      positions = undefined
    }
  }

  function recount(): void {
    known = currentPositions().map(({ exporter, kind, through_id }) => {
      const counts = (state: 'pending' | 'dead') =>
        exceptionCount.get({ exporter, kind, state })?.count ?? 0
      const behind = { kind, ...addressesOf(exporter), afterId: through_id }
      const untried = untriedCount.get(behind)?.count ?? 0
      return { exporter, kind, pending: untried + counts('pending'), dead: counts('dead') }
    })
    knownBytes = allBytes.get({})?.bytes ?? 0
  }

  function count({ exporter, kind }: Queue, change: { pending?: number; dead?: number }): void {
    const counts = known.find((each) => each.exporter === exporter && each.kind === kind)
    if (counts === undefined) return
    counts.pending += change.pending ?? 0
    counts.dead += change.dead ?? 0
  }

  /** The row is gone: it counts for nobody any more. */
  function forgetRow({ id, bytes, ...of }: Addressed & { id: number; bytes: number }): void {
    knownBytes -= bytes
    for (const queue of currentPositions()) {
      if (!isReadBy(queue, of)) continue
      if (id > queue.through_id) {
        count(queue, { pending: -1 })
        continue
      }
      const found = exception.get({ exporter: queue.exporter, id })
      if (found === undefined) continue
      count(queue, { [found.state]: -1 })
      removeException.run({ exporter: queue.exporter, id })
    }
  }

  function discard(id: number): boolean {
    const row = remove.get({ id })
    if (row !== undefined) forgetRow(row)
    return row !== undefined
  }

  function isNeeded(id: number, of: Addressed, besides?: string): boolean {
    return currentPositions().some(
      (queue) =>
        isReadBy(queue, of) &&
        queue.exporter !== besides &&
        (id > queue.through_id || exception.get({ exporter: queue.exporter, id }) !== undefined),
    )
  }

  function hasOtherReader(kind: ItemKind, besides: string): boolean {
    return currentPositions().some((queue) => queue.kind === kind && queue.exporter !== besides)
  }

  /** `done` has no need of it any more, which need not be looked up. */
  function removeUnneeded(id: number, kind: ItemKind, done: string): void {
    if (hasOtherReader(kind, done)) {
      const destination = storedRow.get({ id })?.destination
      if (destination === undefined || isNeeded(id, { kind, destination }, done)) return
    }
    const row = remove.get({ id })
    if (row !== undefined) knownBytes -= row.bytes
  }

  /**
   * The items that are still pending here or dead, each with its exception, or with none when it has
   * its turn now. The position moves behind them; what it passes over becomes an exception.
   */
  function takeTurns(
    queue: Queue,
    ids: readonly number[],
  ): (readonly [number, Exception | undefined])[] {
    const { exporter, kind } = queue
    const afterId = positionOf(queue)
    const inTurn = new Set(ids.filter((id) => id > afterId))
    const throughId = ids.reduce((most, id) => Math.max(most, id), afterId)
    const present = new Set<number>()
    if (throughId > afterId) {
      for (const { id } of idsBetween.all({ kind, ...addressesOf(exporter), afterId, throughId })) {
        present.add(id)
        if (!inTurn.has(id)) putException.run(untried(queue, id))
      }
      advance(queue, throughId)
    }
    return [...new Set(ids)].flatMap((id): (readonly [number, Exception | undefined])[] => {
      if (id > afterId) return present.has(id) ? [[id, undefined]] : []
      const found = exception.get({ exporter, id })
      return found === undefined || found.kind !== kind ? [] : [[id, found]]
    })
  }

  function deadOf(id: number): readonly Exception[] {
    const exporters = new Set(currentPositions().map(({ exporter }) => exporter))
    return [...exporters].flatMap((exporter) => {
      const found = exception.get({ exporter, id })
      return found?.state === 'dead' ? [found] : []
    })
  }

  function put(
    { kind, sessionKey, key }: OutgoingItem,
    written: Pick<ItemColumns, 'payload' | 'bytes'> & { readonly destination: string },
    nowMs: number,
  ): void {
    const { destination, bytes } = written
    const id = ids.next('outbox')
    const row = { id, session_key: sessionKey, kind, created_ms: nowMs, ...written }
    if (kind === 'score') {
      const older = supersede.get({ sessionKey, scoreKey: key, destination })
      if (older !== undefined) forgetRow(older)
      insertScore.run({ ...row, score_key: key })
    } else {
      insertItem.run(row)
    }
    for (const queue of known) if (isReadBy(queue, { kind, destination })) queue.pending += 1
    knownBytes += bytes
  }

  return {
    counts: () => {
      // Another program (a command beside the bridge) may have changed rows: then they are counted.
      const changes = externalChanges.get()
      if (changes !== countedAt) {
        positions = undefined
        recount()
        positions = undefined
        countedAt = changes
      }
      return {
        pending: known.reduce((sum, { pending }) => sum + pending, 0),
        dead: known.reduce((sum, { dead }) => sum + dead, 0),
        bytes: knownBytes,
        queues: known.map((counts) => ({ ...counts })),
      }
    },
    queues: () => allPositions.all({}).map(({ exporter, kind }) => ({ exporter, kind })),
    positionOf: (queue) => {
      positions = undefined
      return positionOf(queue)
    },
    isPending: (queue, id) => {
      if (id > positionOf(queue)) return true
      return exception.get({ exporter: queue.exporter, id })?.state === 'pending'
    },
    isNeeded: (id, of) => isNeeded(id, of),
    counted,
    // Immediate: a lock taken later than the first read could be refused half-way.
    change: <T>(work: () => T) => counted(() => transaction.immediate(work) as T),
    setReaders: (readers) => {
      const wanted = readers.flatMap(({ exporter, kinds }) =>
        kinds.map((kind) => ({ exporter, kind })),
      )
      const isSame = (a: Queue) => (b: Queue) => a.exporter === b.exporter && a.kind === b.kind
      recount()
      countedAt = externalChanges.get()
      const before = known
      const missing = before.filter((queue) => !wanted.some(isSame(queue)))
      for (const queue of missing) {
        removePosition.run({ exporter: queue.exporter, kind: queue.kind })
        removeExceptions.run({ exporter: queue.exporter, kind: queue.kind })
      }
      const through_id = reserved.get({})?.reserved ?? 0
      const added = wanted.filter((queue) => !before.some(isSame(queue)))
      for (const queue of added) putPosition.run({ ...queue, through_id })
      positions = undefined
      known = [...before, ...added.map((queue) => ({ ...queue, pending: 0, dead: 0 }))].filter(
        (queue) => !missing.some(isSame(queue)),
      )
      return missing
    },
    insert: (item, nowMs, to) => {
      const { kind } = item
      const isRead = (destination: string) =>
        known.some((queue) => isReadBy(queue, { kind, destination }))
      const destinations = to === undefined ? [''] : [...new Set(to)].filter(isRead)
      if (destinations.length === 0) return
      const payload = writeEmission(item)
      const bytes = Buffer.byteLength(payload)
      for (const destination of destinations) put(item, { payload, bytes, destination }, nowMs)
    },
    rewrite: (id, payload) => {
      const before = storedRow.get({ id })
      if (before === undefined) return
      const { session_key: sessionKey, score_key: scoreKey, destination } = before
      const key = scoreKey === null ? null : scoreKeyIn(payload)
      if (key !== null && key !== scoreKey) {
        const other = idOfScore.get({ sessionKey, scoreKey: key, destination })?.id
        if (other !== undefined) discard(Math.min(id, other))
        if (other !== undefined && other > id) return
      }
      if (key !== scoreKey) setScoreKey.run({ id, score_key: key })
      const bytes = Buffer.byteLength(payload)
      setPayload.run({ id, payload, bytes })
      knownBytes += bytes - before.bytes
    },
    discard,
    delivered: (queue, delivered) => {
      for (const [id, found] of takeTurns(queue, delivered)) {
        if (found !== undefined) removeException.run({ exporter: queue.exporter, id })
        count(queue, { [found?.state ?? 'pending']: -1 })
        removeUnneeded(id, queue.kind, queue.exporter)
      }
    },
    putOff: (queue, later, notBeforeMs, reason) => {
      for (const [id, found = untried(queue, id)] of takeTurns(queue, later)) {
        if (found.state === 'dead') continue
        const attempts = found.attempts + 1
        putException.run({ ...found, attempts, not_before_ms: notBeforeMs, reason })
      }
    },
    putAside: (queue, refused, reason) => {
      for (const [id, found = untried(queue, id)] of takeTurns(queue, refused)) {
        if (found.state === 'dead') continue
        putException.run({ ...found, state: 'dead', reason })
        count(queue, { pending: -1, dead: 1 })
      }
    },
    putBack: (id, nowMs) => {
      const dead = deadOf(id)
      for (const found of dead) {
        putException.run(untried(found, id))
        count(found, { pending: 1, dead: -1 })
      }
      if (dead.length > 0) renew.run({ id, nowMs })
      return dead.length > 0
    },
    dropDead: (id) => {
      const dead = deadOf(id)
      for (const found of dead) {
        removeException.run({ exporter: found.exporter, id })
        count(found, { dead: -1 })
      }
      for (const { kind, exporter } of dead) removeUnneeded(id, kind, exporter)
      return dead.length > 0
    },
  }
}

/** An item that has not been tried, or is to be treated so. */
function untried({ exporter, kind }: Queue, id: number): Exception {
  return {
    exporter,
    outbox_id: id,
    kind,
    state: 'pending',
    attempts: 0,
    not_before_ms: 0,
    reason: null,
  }
}

/** The key that a score says it has; null where the text is damaged. */
function scoreKeyIn(payload: string): string | null {
  const parsed = parseJsonText(payload)
  const key = parsed.ok && isObject(parsed.value) ? parsed.value.key : undefined
  return typeof key === 'string' ? key.toWellFormed() : null
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
