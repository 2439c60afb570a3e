/**
 * What the page's API asks, answered by the parts of a running bridge: what the store knows by the
 * reader's thread, delivery and the receiver's counters here, and changes by who owns what changes.
 */
import type { QuarantineSelection } from '../domain/quarantine.ts'
import { refusalsBySize, remedyOf } from '../domain/refusal.ts'
import type { Deliveries } from '../exporters/deliveries.ts'
import type { Clock } from '../domain/clock.ts'
import type { Outcome } from '../domain/session-store.ts'
import type { Counters } from '../observability/counters.ts'
import type { IngestLog } from '../observability/ingest-log.ts'
import type { Retried } from '../processors/quarantine.ts'
import type { Reader } from '../reports/reader/reader.ts'
import type { SessionHandler } from '../sessions/handler.ts'
import type { Store } from '../storage/store.ts'
import { nothingIsMasked, nothingIsStopped } from '../api/failure.ts'
import type { BridgeState, WebQueries } from '../api/queries.ts'
import { err, ok } from '../domain/result.ts'
import type { BudgetChanges, Overrides } from './overrides.ts'
import type { Scrubbing } from './scrubbing.ts'
import type { ImportJobs } from './import-jobs.ts'

const DAY_MS = 86_400_000
/** Records of the quarantine that are listed. */
const LISTED = 100

export interface PageQueriesDeps {
  readonly reader: Reader
  readonly store: Store<unknown>
  readonly remove: SessionHandler['remove']
  /** Absent where nothing is masked. */
  readonly scrubbing: Scrubbing | undefined
  readonly budgets: BudgetChanges
  /** Absent where budgets only tell. */
  readonly overrides: Overrides | undefined
  readonly retryQuarantine: (ids: QuarantineSelection) => Promise<Retried>
  readonly imports: Pick<ImportJobs, 'start' | 'state'>
  readonly delivery: Deliveries
  readonly counters: Counters
  readonly ingestLog: IngestLog
  readonly clock: Clock
  /** Absent without keys. */
  readonly langfuseUrl: string | undefined
  readonly retentionMs: number
}

export interface PageQueries {
  readonly queries: WebQueries
  /** To be told of every commit. */
  committed(outcome: Outcome<unknown>): void
}

export function createPageQueries(deps: PageQueriesDeps): PageQueries {
  const { reader, store, delivery, clock } = deps
  const listeners = new Set<() => void>()
  store.onDeleted(() => reader.deleted())
  store.onElsewhere((changes) => {
    reader.changedElsewhere(changes)
    for (const listener of listeners) listener()
  })

  const queries: WebQueries = {
    ask: (question, visible, signal) => reader.ask(question, visible, signal),
    bridgeState: () => bridgeState(deps),
    deleteSession: async (key) => {
      const records = await deps.remove(key)
      return records === undefined ? undefined : { records }
    },
    scrubSession: async (key) =>
      deps.scrubbing === undefined ? err(nothingIsMasked) : ok(await deps.scrubbing.session(key)),
    scrub: async () =>
      deps.scrubbing === undefined ? err(nothingIsMasked) : deps.scrubbing.beside(),
    retry: async ({ ids }) => {
      const items = await store.deadItems.retry(ids, clock.now())
      delivery.notify()
      return { items }
    },
    drop: async ({ ids }) => ({ items: await store.deadItems.drop(ids) }),
    retryQuarantine: ({ ids }) => deps.retryQuarantine(ids),
    dropQuarantine: async ({ ids }) => ({ items: await store.quarantine.remove(ids) }),
    startImport: (body) => deps.imports.start(body),
    importState: (id) => deps.imports.state(id),
    addBudget: (body) => deps.budgets.add(body),
    removeBudget: (name) => deps.budgets.remove(name),
    overrides: () =>
      deps.overrides === undefined ? err(nothingIsStopped) : ok(deps.overrides.list()),
    override: async (asked) =>
      deps.overrides === undefined ? err(nothingIsStopped) : deps.overrides.add(asked),
    endOverride: async (asked) =>
      deps.overrides === undefined ? err(nothingIsStopped) : deps.overrides.end(asked),
    live: {
      since: (asked, visible) => reader.live(asked, visible),
      onCommitted: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }

  return {
    queries,
    committed: (outcome) => {
      reader.committed(outcome)
      for (const listener of listeners) listener()
    },
  }
}

async function bridgeState(deps: PageQueriesDeps): Promise<BridgeState> {
  const { store, delivery, counters, ingestLog, langfuseUrl } = deps
  const exporters = delivery.status()
  const langfuse = exporters.find(({ name }) => name === 'langfuse')
  const { requestCount, errorCount, rejectedRecords, refused } = counters.snapshot()
  return {
    langfuse: {
      state: langfuse?.state ?? 'unconfigured',
      url: langfuseUrl ?? null,
      lastDeliveredMs: langfuse?.lastDeliveredMs ?? null,
      lastError: langfuse?.lastError ?? null,
    },
    exporters: exporters.map(({ name, label, address, state, lastDeliveredMs, lastError }) => ({
      name,
      label,
      url: address ?? null,
      state,
      lastDeliveredMs: lastDeliveredMs ?? null,
      lastError: lastError ?? null,
    })),
    dropped: await store.upkeep.dropped(),
    ingest: {
      requests: requestCount,
      errors: errorCount,
      rejected: Object.values(rejectedRecords).reduce((sum, count) => sum + count, 0),
      refused: refusalsBySize(refused).map(([reason, count]) => ({
        reason,
        count,
        remedy: remedyOf(reason),
      })),
      recent: ingestLog.recent().map((entry) => ({ ...entry, reasons: [...entry.reasons] })),
    },
    quarantine: {
      ...(await store.quarantine.counts()),
      items: [...(await store.quarantine.list(LISTED))],
    },
    retention: await retentionAnswer(deps),
  }
}

async function retentionAnswer({
  store,
  retentionMs,
}: PageQueriesDeps): Promise<BridgeState['retention']> {
  const { usedBytes, state, ...size } = await store.size()
  return {
    days: retentionMs / DAY_MS,
    databaseBytes: (await store.databaseBytes()) ?? null,
    ...size,
    usedBytes: usedBytes ?? null,
    size: state,
  }
}
