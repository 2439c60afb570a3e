/**
 * The store in a data folder: makes the folder, keeps a second process off it, brings the schema
 * up to date, and puts the parts together over one connection. A damaged database is moved aside
 * and said loudly of; the store begins afresh then.
 */
import { setImmediate } from 'node:timers/promises'
import type { SessionKey } from '../../domain/identity.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Removal } from '../../domain/session-store.ts'
import { createAlertRows } from './alert-rows.ts'
import { createAuditRows } from './audit-rows.ts'
import { createBrakeRows } from './brake-rows.ts'
import { createBudgetRows } from './budget-rows.ts'
import { createCheckpointer, framesFor } from './checkpointer.ts'
import { type Connection, flushOnCheckpoints, flushOnCommits, PAGE_BYTES } from './connection.ts'
import { checkWhole, isDamage, setAside } from './damage.ts'
import {
  type DataFolder,
  databaseBytes,
  dataFolderAt,
  logBytes,
  makeFolder,
  makePrivateFile,
} from '../data-folder.ts'
import { createDeadItems } from './dead-items.ts'
import { createDestinationPauses } from './destination-pauses.ts'
import { createDueItems } from './due-items.ts'
import { createForwardedItems } from './forwarded-items.ts'
import { acquireFolderLock, type FolderLock } from './folder-lock.ts'
import { createFreePages } from './free-pages.ts'
import { createIdBlocks } from './id-blocks.ts'
import { keepInstanceId } from '../instance-id.ts'
import { createKeyRows } from './key-rows.ts'
import { createOldestSessions } from './oldest-sessions.ts'
import { openDatabase } from './open-database.ts'
import { createOutboxLimits } from './outbox-limits.ts'
import { createOutboxLeftovers } from './outbox-leftovers.ts'
import { createOutboxTable } from './outbox-table.ts'
import { createPlanRows } from './plan-rows.ts'
import { createQuarantine } from './quarantine.ts'
import { createRecordBatches } from './queries/record-batches.ts'
import { createSessionInputs } from './queries/session-inputs.ts'
import { createRetention } from './retention.ts'
import { createSessionDeletion } from './session-deletion.ts'
import { createSizeBound } from './size-bound.ts'
import { createSqliteOutbox } from './sqlite-outbox.ts'
import { createSqliteSessions } from './sqlite-sessions.ts'
import { createStorageProbe, isOfStorage } from './storage-probe.ts'
import { createStorageWatch } from '../storage-watch.ts'
import { createScrubRows } from './scrub-rows.ts'
import { createSearchRows } from './search-rows.ts'
import type { Store, StoreOptions } from '../store.ts'
import { lockedError, openErrorOf, type SqliteOpenError } from './open-error.ts'
import { createTotals } from './totals.ts'
import { createTraceRows } from './trace-rows.ts'
import { createTranscriptPositions } from './transcript-positions.ts'
import { createUpkeep } from './upkeep.ts'
import { createWriter } from './writer.ts'

export interface SqliteStoreOptions<S> extends StoreOptions<S> {
  /** Absolute path of the folder with the files. Made when it is missing, for its owner alone. */
  readonly dataDir: string
}

/** The store, or why it cannot be had in this folder. */
export async function createSqliteStore<S>(
  options: SqliteStoreOptions<S>,
): Promise<Result<Store<S>, SqliteOpenError>> {
  const folder = dataFolderAt(options.dataDir)
  let lock: FolderLock | undefined
  try {
    makeFolder(options.dataDir)
    makePrivateFile(folder.lockPath)
    lock = acquireFolderLock(folder.lockPath)
    if (lock === undefined) return err(lockedError(options.dataDir))
    const database = await openOrBeginAfresh(folder, options)
    if (database.ok) return ok(storeOver(database.value, lock, folder, options))
    lock.release()
    return database
  } catch (error) {
    lock?.release()
    return expected(error, folder)
  }
}

async function openOrBeginAfresh(
  folder: DataFolder,
  { clock, log }: Pick<SqliteStoreOptions<unknown>, 'clock' | 'log'>,
): Promise<Result<Connection, SqliteOpenError>> {
  const first = await open(folder)
  if (first.ok || !isDamage(first.error)) return first
  const movedTo = setAside(folder, clock.now())
  log.error(
    { movedTo, reason: first.error.reason },
    'the database was damaged; moved it aside and started an empty one',
  )
  return open(folder)
}

async function open(folder: DataFolder): Promise<Result<Connection, SqliteOpenError>> {
  try {
    makePrivateFile(folder.databasePath)
    const opened = await openDatabase(folder.databasePath)
    if (!opened.ok) return opened
    try {
      checkWhole(opened.value, folder)
      return opened
    } catch (error) {
      opened.value.close()
      throw error
    }
  } catch (error) {
    return expected(error, folder)
  }
}

/** The explanation of an expected failure; anything else is thrown on. */
function expected(error: unknown, { databasePath }: DataFolder) {
  const explained = openErrorOf(error, databasePath)
  if (explained === undefined) throw error
  return err(explained)
}

function storeOver<S>(
  connection: Connection,
  lock: FolderLock,
  folder: DataFolder,
  options: SqliteStoreOptions<S>,
): Store<S> {
  const { clock, log, maxBytes = 0, exporters, flushes = 'commits' } = options
  const active = new Set(
    exporters.filter(({ isActive }) => isActive).map(({ exporter }) => exporter),
  )
  const ids = createIdBlocks(connection)
  const table = createOutboxTable(connection, ids)
  // Counts what a former process left, too, now that nobody waits yet.
  for (const { exporter, kind, pending, dead } of table.change(() => table.setReaders(exporters))) {
    const message = 'an exporter is no longer configured: what waited for it is not kept'
    if (pending + dead > 0) log.warn({ exporter, kind, pending, dead }, message)
  }
  const dueItems = createDueItems(connection, table)
  const totals = createTotals(connection)
  const pages = createFreePages(connection)
  const watch = createStorageWatch({ isOfStorage, clock, log })
  const frames = framesFor(maxBytes)
  const checkpointer = createCheckpointer({
    connection,
    databasePath: folder.databasePath,
    log,
    frames,
    onRound: () => upkeep.wake(),
  })
  const write = createWriter({ checkpointer, watch, folder })
  const search = createSearchRows({
    connection,
    itemsOf: (batch) => options.states.itemsOf(batch),
    log,
  })
  const sessions = createSqliteSessions<S>({
    ...options,
    connection,
    ids,
    search,
    outbox: table,
    write,
    onWritten: () => watch.committed(),
  })
  const deletionListeners: (() => void)[] = []
  let isUntold = false
  const deletion = createSessionDeletion({
    connection,
    outbox: table,
    onTaken: (taken) => {
      sessions.forgetDeleted(taken)
      isUntold = true
    },
  })
  function tellDeletions(): void {
    if (isUntold) for (const listener of deletionListeners) listener()
    isUntold = false
  }
  const oldestSessions = () => createOldestSessions({ connection, outbox: table, active })
  const sizeBound = createSizeBound({
    maxBytes,
    usedBytes: pages.usedBytes,
    logBytes: () => logBytes(folder),
    usualLogBytes: frames * PAGE_BYTES,
    oldest: oldestSessions(),
    deletion,
    totals,
    log,
  })
  const quarantine = createQuarantine({ connection, totals, write })
  const forwarded = createForwardedItems({ connection, ids, outbox: table, clock, write })
  const traces = createTraceRows({ connection, write, clock })
  const upkeep = createUpkeep({
    quarantine,
    traces,
    forwarded,
    limits: createOutboxLimits({ connection, table, dueItems, totals, bounds: options.outbox }),
    leftovers: createOutboxLeftovers(connection, table),
    deletion,
    sizeBound,
    retention: createRetention({
      connection,
      outbox: table,
      dueItems,
      oldest: oldestSessions(),
      deletion,
      active,
    }),
    pages,
    search,
    write,
    onRest: tellDeletions,
    retentionMs: options.retentionMs,
    clock,
    log,
  })
  const scrub = createScrubRows({
    connection,
    outbox: table,
    quarantine,
    search,
    stateVersion: options.states.version,
    sweepDeleted: () => deletion.sweep(),
    write,
    onChanged: () => sessions.forget(),
  })
  const probe = createStorageProbe(connection)
  let isClosed = false
  if (flushes === 'on close') flushOnCheckpoints(connection)

  /** A commit flushes all of the log, what was committed before included. */
  function flushAll(): void {
    flushOnCommits(connection)
    probe.light()
  }

  async function check(): Promise<Result<undefined, string>> {
    try {
      const { isWritable } = watch.state()
      await write(() => (isWritable ? probe.light() : probe.full()))
      watch.probed(undefined)
      return ok(undefined)
    } catch (error) {
      watch.probed(error)
      return err(error instanceof Error ? error.message : String(error))
    }
  }

  async function remove(key: SessionKey): Promise<Removal | undefined> {
    const id = await write(() => deletion.take(key))
    if (id === undefined) return undefined
    tellDeletions()
    return { deleteRows: () => deleteRows(id) }
  }

  async function deleteRows(id: number): Promise<number> {
    let records = 0
    try {
      for (;;) {
        if (isClosed) throw new Error('the store was closed; its next start deletes the rest')
        const slice = await write(() => deletion.slice(id))
        records += slice.records
        if (slice.isDone) return records
        await setImmediate()
      }
    } finally {
      // If it failed: upkeep goes on with it.
      deletion.letGo(id)
    }
  }

  return {
    sessions: { ...sessions, remove },
    outbox: (exporter, kind) =>
      createSqliteOutbox({ table, dueItems, write, log }, { exporter, kind }),
    outboxCounts: async () => table.counts(),
    alerts: createAlertRows(connection, write, log),
    budgets: createBudgetRows(connection, write),
    planWindows: createPlanRows(connection, write),
    brake: createBrakeRows(connection, write),
    deadItems: createDeadItems({ connection, table, write }),
    quarantine,
    forwarded,
    keys: createKeyRows(connection, write),
    audit: createAuditRows({
      connection,
      write,
      retentionMs: options.retentionMs,
      now: () => clock.now(),
    }),
    pause: createDestinationPauses(connection, write),
    traces,
    transcripts: createTranscriptPositions(connection, write),
    instance: keepInstanceId(folder),
    databaseBytes: async () => databaseBytes(folder),
    size: async () => sizeBound.size(),
    scrub: {
      store: scrub,
      inputs: createSessionInputs(connection, createRecordBatches(connection)),
      rewriteFiles: () => checkpointer.rewrite(),
      done: () => {
        for (const listener of deletionListeners) listener()
      },
    },
    upkeep,
    onDeleted: (listener) => void deletionListeners.push(listener),
    // The folder's lock keeps others out.
    onElsewhere: () => {},
    isLastToStop: async () => true,
    check,
    storage: () => watch.state(),
    outageOf: (error) => watch.reasonOf(error),
    watchStorage: () => watch.start(async () => void (await check())),
    close: async () => {
      isClosed = true
      upkeep.stop()
      watch.stop()
      await checkpointer.close()
      try {
        if (flushes === 'on close') flushAll()
      } finally {
        await connection.kysely.destroy()
        connection.close()
        lock.release()
      }
    },
  }
}
