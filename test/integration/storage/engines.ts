/**
 * The engines that this suite runs against, and a rig over each. The tests know the ports alone
 * (`storage/store.ts`, `storage/store-reader.ts`): what is only true of one engine is tested beside it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Emission } from '../../../src/domain/emission.ts'
import type { ItemKind, Outbox, OutboxReader } from '../../../src/domain/outbox.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { Arrival, Committed, Outcome } from '../../../src/domain/session-store.ts'
import type { StoredInput } from '../../../src/domain/stored-inputs.ts'
import { openReader } from '../../../src/storage/beside.ts'
import { openStore } from '../../../src/storage/open-store.ts'
import type { Store, StoreOptions } from '../../../src/storage/store.ts'
import type { StoreReader } from '../../../src/storage/store-reader.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import { databaseAtRest } from '../../postgres/at-rest.ts'
import { createManualClock, type ManualClock } from '../../unit/manual-clock.ts'
import { AT_MS, nothing, plainStates, type State } from '../../unit/storage/arrivals.ts'

export interface StorageEngine {
  readonly name: string
  /** An empty place for one test, removed when the test is over. */
  createPlace(): Promise<StoragePlace>
}

/** Where a store is: opened again, it has what it had. */
interface StoragePlace {
  open(options: StoreOptions<State>): Promise<Result<Store<State>, { readonly message: string }>>
  openReader(): Promise<Result<StoreReader, string>>
  /** Moved on, it lets the store do what is due. */
  readonly clock: ManualClock
}

const sqlite: StorageEngine = {
  name: 'SQLite',
  createPlace: async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'claude-telemetry-storage-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    return {
      open: (options) => openStore({ ...options, dataDir }),
      openReader: () => openReader({ dataDir }),
      clock: createManualClock(AT_MS),
    }
  },
}

const postgres: StorageEngine = {
  name: 'PostgreSQL',
  createPlace: async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'claude-telemetry-storage-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    const { url } = await newTestDatabase()
    const place = { dataDir, database: { url, poolSize: 4, statementTimeoutMs: 20_000 } }
    return {
      open: (options) => openStore({ ...options, ...place }),
      openReader: () => openReader(place),
      clock: createManualClock(AT_MS, databaseAtRest),
    }
  },
}

export const engines: readonly StorageEngine[] = [sqlite, postgres]

/** What a test says of its store; the rest is usual. */
export type RigOptions = Partial<Omit<StoreOptions<State>, 'clock' | 'log'>>

export interface Rig {
  readonly store: Store<State>
  /** Beside the store, over what was committed. */
  readonly reader: StoreReader
  readonly clock: ManualClock
  /** What the store warned of. */
  readonly warnings: readonly object[]
  /** Commits these arrivals with this outcome, whatever is fresh. */
  commit(outcome: Partial<Outcome<State>>, arrivals?: readonly Arrival[]): Promise<Committed<State>>
  emit(...emissions: readonly Emission[]): Promise<void>
  /** Ends this store, and opens another one in its place; the clock goes on. */
  reopen(options?: RigOptions): Promise<Rig>
}

export const exporter = (
  name: string,
  { kinds = ['observation', 'score'], isActive = true }: Partial<OutboxReader> = {},
): OutboxReader => ({ exporter: name, kinds, isActive })

export async function createRig(engine: StorageEngine, options: RigOptions = {}): Promise<Rig> {
  return rigAt(await engine.createPlace(), options)
}

async function rigAt(place: StoragePlace, options: RigOptions): Promise<Rig> {
  const { clock } = place
  const warnings: object[] = []
  const note = (fields: object) => void warnings.push(fields)
  const store = valueIn(
    await place.open({
      states: plainStates(),
      retentionMs: 0,
      outbox: { maxAgeMs: 0, maxBytes: 0 },
      exporters: [exporter('langfuse')],
      ...options,
      clock,
      log: { warn: note, error: note },
    }),
  )
  let closed: Promise<unknown> | undefined
  const reader = valueIn(await place.openReader())
  const close = () => (closed ??= Promise.all([reader.close(), store.close()]))
  onTestFinished(async () => void (await close()))
  const commit: Rig['commit'] = (outcome, arrivals = []) =>
    store.sessions.commit(arrivals, [], () => ({ ...nothing, ...outcome }))
  return {
    store,
    reader,
    clock,
    warnings,
    commit,
    emit: async (...emissions) => void (await commit({ emissions })),
    reopen: async (changes = {}) => {
      await close()
      return rigAt(place, { ...options, ...changes })
    },
  }
}

function valueIn<T>(result: Result<T, string | { readonly message: string }>): T {
  if (result.ok) return result.value
  const { error } = result
  throw new Error(typeof error === 'string' ? error : error.message)
}

export const EVER_MS = Number.MAX_SAFE_INTEGER
export const ALL = { attributes: [] }

/** Keys and attempts of what is due, the oldest first. */
export async function dueIn(outbox: Outbox, nowMs = EVER_MS): Promise<unknown[]> {
  const items = await outbox.due(nowMs, 1000, 1e9)
  return items.map(({ emission, attempts }) => [emission.key, attempts])
}

export async function idsIn(outbox: Outbox): Promise<readonly number[]> {
  return (await outbox.due(EVER_MS, 1000, 1e9)).map(({ id }) => id)
}

/** The keys that wait for an exporter. */
export async function waitingFor(
  { store }: Pick<Rig, 'store'>,
  name = 'langfuse',
  kind: ItemKind = 'observation',
): Promise<unknown[]> {
  return (await dueIn(store.outbox(name, kind))).map((entry) => (entry as [string])[0])
}

/** What happened to a session, read in slices of that many batches. */
export async function inputsOf(
  { reader }: Pick<Rig, 'reader'>,
  key: string,
  maxBatches = 10,
): Promise<readonly StoredInput[]> {
  const inputs: StoredInput[] = []
  for (let position = 0; ; ) {
    const slice = await reader.inputs.slice(key, position, maxBatches)
    inputs.push(...slice.inputs)
    if (slice.isLast) return inputs
    position = slice.position
  }
}

/** Keys of all sessions that are listed, in the order of their numbers. */
export async function sessionKeys({ reader }: Pick<Rig, 'reader'>): Promise<readonly string[]> {
  const sessions = await reader.lists.page(
    {
      filter: { ...ALL, withEmpty: true },
      fromMs: undefined,
      toMs: undefined,
      state: 'any',
      order: 'first',
      direction: 'asc',
    },
    undefined,
    1000,
  )
  return sessions.toSorted((a, b) => a.id - b.id).map(({ key }) => key)
}
