/** Stores in folders of their own, closed and removed when the test is over. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import type { SessionKey } from '../../../src/domain/identity.ts'
import type { Outbox } from '../../../src/domain/outbox.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { SqliteOpenError } from '../../../src/storage/sqlite/open-error.ts'
import { createSqliteStore } from '../../../src/storage/sqlite/sqlite-store.ts'
import type { Store } from '../../../src/storage/store.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import type { StateFormat } from '../../../src/domain/stored-state.ts'
import { AT_MS, plainStates, type State } from './arrivals.ts'

export interface OpenStore extends Omit<Store<State>, 'outbox'> {
  /** Everything that waits for Langfuse, whatever its kind. */
  readonly outbox: Outbox
  /** As the store has it. */
  readonly queue: Store<State>['outbox']
  readonly dataDir: string
  readonly clock: ManualClock
  /** What the store warned of. */
  readonly warnings: readonly object[]
  /** Rows of the file as another connection reads them. */
  rows(sql: string): unknown[]
}

/** A folder for one test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function tryToOpen(
  dataDir: string,
  options: {
    readonly states?: StateFormat<State>
    readonly warnings?: object[]
    readonly clock?: ManualClock
  } = {},
): Promise<Result<Store<State>, SqliteOpenError>> {
  return createSqliteStore<State>({
    dataDir,
    clock: options.clock ?? createManualClock(AT_MS),
    states: options.states ?? plainStates(),
    retentionMs: 0,
    outbox: { maxAgeMs: 0, maxBytes: 0 },
    exporters: [{ exporter: 'langfuse', kinds: ['observation', 'score'], isActive: true }],
    log: {
      warn: (fields) => options.warnings?.push(fields),
      error: (fields) => options.warnings?.push(fields),
    },
  })
}

export async function openStore(
  dataDir = temporaryFolder(),
  states = plainStates<State>(),
): Promise<OpenStore> {
  const warnings: object[] = []
  const clock = createManualClock(AT_MS)
  const opened = await tryToOpen(dataDir, { states, warnings, clock })
  if (!opened.ok) throw new Error(opened.error.message)
  let closed: Promise<void> | undefined
  const close = () => (closed ??= opened.value.close())
  onTestFinished(close)
  return {
    ...opened.value,
    outbox: langfuseOutbox(opened.value),
    queue: opened.value.outbox,
    close,
    dataDir,
    clock,
    warnings,
    rows: (sql) => withDatabase(dataDir, (database) => database.prepare(sql).all()),
  }
}

/** Deletes a session with all of its rows; how many records it had. */
export async function removeSession(
  { sessions }: Pick<Store<unknown>, 'sessions'>,
  key: SessionKey,
): Promise<number | undefined> {
  const removal = await sessions.remove(key)
  return removal?.deleteRows()
}

/** The lanes of Langfuse as one queue, in the order of the items. */
export function langfuseOutbox({ outbox }: Pick<Store<unknown>, 'outbox'>): Outbox {
  const lanes = [outbox('langfuse', 'observation'), outbox('langfuse', 'score')]
  const defined = (times: readonly (number | undefined)[]) =>
    times.filter((time) => time !== undefined)
  const earliest = (times: readonly (number | undefined)[]) =>
    defined(times).length === 0 ? undefined : Math.min(...defined(times))
  const all = async (ask: (lane: Outbox) => Promise<unknown>): Promise<void> => {
    for (const lane of lanes) await ask(lane)
  }
  return {
    due: async (nowMs, maxItems, maxBytes) => {
      const due = await Promise.all(lanes.map((lane) => lane.due(nowMs, maxItems, maxBytes)))
      return due
        .flat()
        .sort((a, b) => a.id - b.id)
        .slice(0, maxItems)
    },
    nextDueMs: async () => earliest(await Promise.all(lanes.map((lane) => lane.nextDueMs()))),
    isHeldByLeaving: async () => false,
    delivered: (ids) => all((lane) => lane.delivered(ids)),
    retryLater: (ids, notBeforeMs, reason) =>
      all((lane) => lane.retryLater(ids, notBeforeMs, reason)),
    bury: (ids, reason) => all((lane) => lane.bury(ids, reason)),
    stats: async () => {
      const stats = await Promise.all(lanes.map((lane) => lane.stats()))
      return {
        pending: stats.reduce((sum, { pending }) => sum + pending, 0),
        dead: stats.reduce((sum, { dead }) => sum + dead, 0),
        oldestPendingMs: earliest(stats.map(({ oldestPendingMs }) => oldestPendingMs)),
      }
    },
  }
}

/** Another connection to the file, closed when the test is over. */
export function connect(dataDir: string): Database.Database {
  const database = new Database(databaseIn(dataDir))
  onTestFinished(() => void database.close())
  return database
}

/** Does something to the file behind the store's back. */
export function withDatabase<T>(dataDir: string, use: (database: Database.Database) => T): T {
  const database = connect(dataDir)
  try {
    return use(database)
  } finally {
    database.close()
  }
}

export function databaseIn(dataDir: string): string {
  return join(dataDir, 'claude-telemetry.db')
}
