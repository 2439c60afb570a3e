/**
 * The store in a PostgreSQL database that several processes share, each of which opens it: brings the
 * schema up to date, and puts the parts together over one pool.
 */
import type { SessionKey } from '../../domain/identity.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Removal } from '../../domain/session-store.ts'
import { makeFolder } from '../data-folder.ts'
import { createStorageWatch } from '../storage-watch.ts'
import type { DatabasePlace } from '../store-place.ts'
import type { Store, StoreOpenError, StoreOptions } from '../store.ts'
import { createAlertRows } from './alert-rows.ts'
import { createAuditRows } from './audit-rows.ts'
import { createBrakeRows } from './brake-rows.ts'
import { createBudgetRows } from './budget-rows.ts'
import { resetDays } from './budgets.ts'
import { type Database, isOfStorage, storageReason } from './connection.ts'
import { checkReadReplica } from './postgres-reader.ts'
import { createDeadItems } from './dead-items.ts'
import { destinationPause } from './destination-pauses.ts'
import { createForwardedItems } from './forwarded-items.ts'
import { createKeyRows } from './key-rows.ts'
import { createNotifications } from './notifications.ts'
import { instanceOf, openDatabase, openProblem } from './open-database.ts'
import { countOutbox, setReaders } from './outbox-rows.ts'
import { createPlanRows } from './plan-rows.ts'
import { createPostgresOutbox } from './postgres-outbox.ts'
import { createPostgresSessions } from './postgres-sessions.ts'
import { createQuarantine } from './quarantine.ts'
import { createSessionInputs } from './queries/session-inputs.ts'
import { createReferenceRows } from './reference-rows.ts'
import { joinReplicas, type Replica } from './replica.ts'
import { rewriteTables } from './rewrite-tables.ts'
import { createScrubRows } from './scrub-rows.ts'
import { catchUpSearch } from './search-rows.ts'
import { createSessionDeletion } from './session-deletion.ts'
import { createSizeBound } from './size-bound.ts'
import { createTraceRows } from './trace-rows.ts'
import { createTranscriptPositions } from './transcript-positions.ts'
import { createUpkeep } from './upkeep.ts'
import { createWriter } from './writer.ts'

export interface PostgresStoreOptions<S> extends StoreOptions<S> {
  readonly database: DatabasePlace
  /** Absolute path of the folder for what is of this process alone. Made when it is missing. */
  readonly dataDir: string
}

/** Fails where one of the tables is missing, or not for this user, that every commit of records writes. */
const TABLES_OF_COMMITS = [
  'sessions',
  'session_states',
  'record_batches',
  'seen',
  'session_attributes',
  'prompts',
  'model_usage',
  'tool_usage',
  'activity',
  'work_segments',
  'outbox',
  'outbox_deliveries',
]
  .map((table) => `select 1 from ${table} where false`)
  .join(' union all ')

/** The store, or why it cannot be had. */
export async function createPostgresStore<S>(
  options: PostgresStoreOptions<S>,
): Promise<Result<Store<S>, StoreOpenError>> {
  const { url, poolSize: size, statementTimeoutMs } = options.database
  const opened = await openDatabase({ url, size, statementTimeoutMs })
  if (!opened.ok) return opened
  const database = opened.value
  try {
    makeFolder(options.dataDir)
    for (const queue of await setReaders(database, options.exporters)) {
      const { exporter, kind, pending, dead } = queue
      const message = 'an exporter is no longer configured: what waited for it is not kept'
      if (pending + dead > 0) options.log.warn({ exporter, kind, pending, dead }, message)
    }
    await resetDays(database)
    const instance = await instanceOf(database)
    database.keepTo(instance)
    void tellReplica(options)
    return ok(storeOver(database, await joinReplicas(database, instance), instance, options))
  } catch (error) {
    await database.close()
    const message = openProblem(error, url)
    if (message === undefined) throw error
    return err({ message })
  }
}

/** Nobody waits for it: records are stored whether there is a replica or not. */
async function tellReplica({
  database,
  log,
}: Pick<PostgresStoreOptions<unknown>, 'database' | 'log'>): Promise<void> {
  try {
    const checked = await checkReadReplica(database)
    if (checked?.ok === false) log.warn({}, checked.error)
  } catch (error) {
    log.error({ err: error }, 'cannot look at DATABASE_READ_URL')
  }
}

function storeOver<S>(
  database: Database,
  replica: Replica,
  instance: string,
  options: PostgresStoreOptions<S>,
): Store<S> {
  const { clock, log, database: place, maxBytes = 0 } = options
  const self = replica.id
  const exporters = options.exporters
    .filter(({ isActive }) => isActive)
    .map(({ exporter }) => exporter)
  const watch = createStorageWatch({ isOfStorage, reasonOf: storageReason, clock, log })
  const write = createWriter(watch, () => replica.objection())
  const notifications = createNotifications(database, place, self)
  const references = createReferenceRows(database)
  const inputs = createSessionInputs(database)
  const sessions = createPostgresSessions<S>({
    ...options,
    ...{ database, write, self, inputs, references },
    onWritten: (outcome) => {
      watch.committed()
      notifications.committed(outcome)
    },
  })
  const deletionListeners: (() => void)[] = []
  let isUntold = false
  function tellDeletions(): void {
    if (!isUntold) return
    isUntold = false
    for (const listener of deletionListeners) listener()
    notifications.changedAll()
  }
  const deletion = createSessionDeletion(database, self, () => {
    isUntold = true
  })
  const quarantine = createQuarantine({ database, write })
  const forwarded = createForwardedItems(database, write, clock)
  const atOnce = Math.max(1, Math.floor(place.poolSize / 2))
  const traces = createTraceRows({ database, write, clock, atOnce })
  const sizeBound = createSizeBound({ database, maxBytes, exporters, deletion, log })
  const upkeep = createUpkeep({
    ...{ database, write, self, deletion, sizeBound, quarantine, forwarded, traces },
    exporters,
    catchUpSearch: (statements) =>
      catchUpSearch(statements, { itemsOf: (batch) => options.states.itemsOf(batch), log }),
    ...{ outbox: options.outbox, retentionMs: options.retentionMs, clock, log },
    onRest: tellDeletions,
  })
  const scrub = createScrubRows({
    ...{ database, quarantine, references, write },
    stateVersion: options.states.version,
    sweepDeleted: () => deletion.sweep(),
    onChanged: () => sessions.forget(),
  })
  let isClosed = false

  async function check(): Promise<Result<undefined, string>> {
    try {
      await write(() => replica.beat())
      await database.query(TABLES_OF_COMMITS)
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
        if (isClosed) throw new Error('the store was closed; upkeep deletes the rest')
        const slice = await write(() => deletion.slice(id))
        records += slice.records
        if (slice.isDone) return records
      }
    } catch (error) {
      // Upkeep goes on with it.
      await deletion.letGo(id).catch(() => {})
      throw error
    }
  }

  return {
    sessions: { ...sessions, remove },
    outbox: (exporter, kind) =>
      createPostgresOutbox({ database, write, self, log }, { exporter, kind }),
    outboxCounts: () => countOutbox(database),
    alerts: createAlertRows(database, write, self, log),
    budgets: createBudgetRows(database, write),
    planWindows: createPlanRows(database, write),
    deadItems: createDeadItems(database, write),
    brake: createBrakeRows(database, write),
    keys: createKeyRows(database, write),
    traces,
    transcripts: createTranscriptPositions(database, write),
    audit: createAuditRows({
      database,
      write,
      retentionMs: options.retentionMs,
      now: () => clock.now(),
    }),
    quarantine,
    forwarded,
    pause: (address) => destinationPause(database, write, address),
    instance,
    databaseBytes: () => databaseBytes(database),
    size: () => sizeBound.size(),
    scrub: {
      store: scrub,
      inputs,
      rewriteFiles: () => rewriteTables(place),
      done: () => {
        for (const listener of deletionListeners) listener()
        notifications.changedAll()
      },
    },
    upkeep,
    onElsewhere: (listener) => notifications.onElsewhere(listener),
    isLastToStop: () => replica.isLastToStop(),
    onDeleted: (listener) => void deletionListeners.push(listener),
    check,
    storage: () => watch.state(),
    outageOf: (error) => watch.reasonOf(error),
    watchStorage: () => watch.start(async () => void (await check())),
    close: async () => {
      isClosed = true
      watch.stop()
      await upkeep.stop()
      await notifications.close()
      await replica.close()
      await database.close()
    },
  }
}

async function databaseBytes(database: Database): Promise<number | undefined> {
  try {
    const [row] = await database.query<{ readonly bytes: number }>(
      'select pg_database_size(current_database()) as bytes',
    )
    return row?.bytes
  } catch {
    return undefined
  }
}
