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
import type {
  ItemKind,
  OutboxCounts,
  OutboxReader,
  OutgoingItem,
  QueueCounts,
} from '../../domain/outbox.ts'
import type { Connection } from './connection.ts'
import { writeEmission } from '../emission-text.ts'
import { parseJsonText } from '../json-text.ts'
import { changedQueues, type Queue } from '../outbox-queues.ts'
import type { IdBlocks } from './id-blocks.ts'
import { type Addressed, addressesOf, isReadBy } from './outbox-addresses.ts'
import { createOutboxStatements, type Exception, type ItemColumns } from './outbox-statements.ts'
import type { NewRow } from './prepared.ts'

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

interface Counted extends Queue {
  pending: number
  dead: number
}

export function createOutboxTable(connection: Connection, ids: IdBlocks): OutboxTable {
  const { handle } = connection
  const externalChanges = handle.prepare<[], number>('pragma data_version').pluck()

  const rows = createOutboxStatements(connection)
  const transaction = handle.transaction((work: () => unknown) => work())

  let known: Counted[] = []
  let knownBytes = 0
  let countedAt: number | undefined
  /** As they are in the database; read anew in each transaction, since commands change them, too. */
  let positions: NewRow<'outbox_positions'>[] | undefined

  function currentPositions(): NewRow<'outbox_positions'>[] {
    positions ??= rows.allPositions.all({})
    return positions
  }

  function positionOf({ exporter, kind }: Queue): number {
    const row = currentPositions().find((p) => p.exporter === exporter && p.kind === kind)
    return row?.through_id ?? Number.MAX_SAFE_INTEGER
  }

  function advance(queue: Queue, throughId: number): void {
    rows.putPosition.run({ exporter: queue.exporter, kind: queue.kind, through_id: throughId })
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
        rows.exceptionCount.get({ exporter, kind, state })?.count ?? 0
      const behind = { kind, ...addressesOf(exporter), afterId: through_id }
      const untried = rows.untriedCount.get(behind)?.count ?? 0
      return { exporter, kind, pending: untried + counts('pending'), dead: counts('dead') }
    })
    knownBytes = rows.allBytes.get({})?.bytes ?? 0
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
      const found = rows.exception.get({ exporter: queue.exporter, id })
      if (found === undefined) continue
      count(queue, { [found.state]: -1 })
      rows.removeException.run({ exporter: queue.exporter, id })
    }
  }

  function discard(id: number): boolean {
    const row = rows.remove.get({ id })
    if (row !== undefined) forgetRow(row)
    return row !== undefined
  }

  function isNeeded(id: number, of: Addressed, besides?: string): boolean {
    return currentPositions().some(
      (queue) =>
        isReadBy(queue, of) &&
        queue.exporter !== besides &&
        (id > queue.through_id ||
          rows.exception.get({ exporter: queue.exporter, id }) !== undefined),
    )
  }

  function hasOtherReader(kind: ItemKind, besides: string): boolean {
    return currentPositions().some((queue) => queue.kind === kind && queue.exporter !== besides)
  }

  /** `done` has no need of it any more, which need not be looked up. */
  function removeUnneeded(id: number, kind: ItemKind, done: string): void {
    if (hasOtherReader(kind, done)) {
      const destination = rows.storedRow.get({ id })?.destination
      if (destination === undefined || isNeeded(id, { kind, destination }, done)) return
    }
    const row = rows.remove.get({ id })
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
      for (const { id } of rows.idsBetween.all({
        kind,
        ...addressesOf(exporter),
        afterId,
        throughId,
      })) {
        present.add(id)
        if (!inTurn.has(id)) rows.putException.run(untried(queue, id))
      }
      advance(queue, throughId)
    }
    return [...new Set(ids)].flatMap((id): (readonly [number, Exception | undefined])[] => {
      if (id > afterId) return present.has(id) ? [[id, undefined]] : []
      const found = rows.exception.get({ exporter, id })
      return found === undefined || found.kind !== kind ? [] : [[id, found]]
    })
  }

  function deadOf(id: number): readonly Exception[] {
    const exporters = new Set(currentPositions().map(({ exporter }) => exporter))
    return [...exporters].flatMap((exporter) => {
      const found = rows.exception.get({ exporter, id })
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
      const older = rows.supersede.get({ sessionKey, scoreKey: key, destination })
      if (older !== undefined) forgetRow(older)
      rows.insertScore.run({ ...row, score_key: key })
    } else {
      rows.insertItem.run(row)
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
    queues: () => rows.allPositions.all({}).map(({ exporter, kind }) => ({ exporter, kind })),
    positionOf: (queue) => {
      positions = undefined
      return positionOf(queue)
    },
    isPending: (queue, id) => {
      if (id > positionOf(queue)) return true
      return rows.exception.get({ exporter: queue.exporter, id })?.state === 'pending'
    },
    isNeeded: (id, of) => isNeeded(id, of),
    counted,
    // Immediate: a lock taken later than the first read could be refused half-way.
    change: <T>(work: () => T) => counted(() => transaction.immediate(work) as T),
    setReaders: (readers) => {
      recount()
      countedAt = externalChanges.get()
      const before = known
      const { added, missing } = changedQueues(before, readers)
      for (const queue of missing) {
        rows.removePosition.run({ exporter: queue.exporter, kind: queue.kind })
        rows.removeExceptions.run({ exporter: queue.exporter, kind: queue.kind })
      }
      const through_id = rows.reserved.get({})?.reserved ?? 0
      for (const queue of added) rows.putPosition.run({ ...queue, through_id })
      positions = undefined
      const kept = before.filter((queue) => !missing.includes(queue))
      known = [...kept, ...added.map((queue) => ({ ...queue, pending: 0, dead: 0 }))]
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
      const before = rows.storedRow.get({ id })
      if (before === undefined) return
      const { session_key: sessionKey, score_key: scoreKey, destination } = before
      const key = scoreKey === null ? null : scoreKeyIn(payload)
      if (key !== null && key !== scoreKey) {
        const other = rows.idOfScore.get({ sessionKey, scoreKey: key, destination })?.id
        if (other !== undefined) discard(Math.min(id, other))
        if (other !== undefined && other > id) return
      }
      if (key !== scoreKey) rows.setScoreKey.run({ id, score_key: key })
      const bytes = Buffer.byteLength(payload)
      rows.setPayload.run({ id, payload, bytes })
      knownBytes += bytes - before.bytes
    },
    discard,
    delivered: (queue, delivered) => {
      for (const [id, found] of takeTurns(queue, delivered)) {
        if (found !== undefined) rows.removeException.run({ exporter: queue.exporter, id })
        count(queue, { [found?.state ?? 'pending']: -1 })
        removeUnneeded(id, queue.kind, queue.exporter)
      }
    },
    putOff: (queue, later, notBeforeMs, reason) => {
      for (const [id, found = untried(queue, id)] of takeTurns(queue, later)) {
        if (found.state === 'dead') continue
        const attempts = found.attempts + 1
        rows.putException.run({ ...found, attempts, not_before_ms: notBeforeMs, reason })
      }
    },
    putAside: (queue, refused, reason) => {
      for (const [id, found = untried(queue, id)] of takeTurns(queue, refused)) {
        if (found.state === 'dead') continue
        rows.putException.run({ ...found, state: 'dead', reason })
        count(queue, { pending: -1, dead: 1 })
      }
    },
    putBack: (id, nowMs) => {
      const dead = deadOf(id)
      for (const found of dead) {
        rows.putException.run(untried(found, id))
        count(found, { pending: 1, dead: -1 })
      }
      if (dead.length > 0) rows.renew.run({ id, nowMs })
      return dead.length > 0
    },
    dropDead: (id) => {
      const dead = deadOf(id)
      for (const found of dead) {
        rows.removeException.run({ exporter: found.exporter, id })
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
