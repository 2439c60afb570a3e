/**
 * What the page's API asks, answered by the parts of a running bridge: the store's reports,
 * delivery, the receiver's counters, and the handler for what changes.
 */
import type { Reports } from './analytics/reports.ts'
import type { UsageSlices } from './analytics/usage-slices.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { Clock } from './domain/clock.ts'
import type { Outcome } from './domain/store.ts'
import type { Counters } from './observability/counters.ts'
import type { IngestLog } from './observability/ingest-log.ts'
import type { SessionHandler } from './session/handler.ts'
import type { Store } from './store/store.ts'
import type { Budgets } from './web/contract/budgets.ts'
import type { Delivery as DeliveryAnswer } from './web/contract/delivery.ts'
import type { WebQueries } from './web/web-queries.ts'

const MAX_DEAD_ITEMS = 200
const DAY_MS = 86_400_000

export interface PageQueriesDeps {
  readonly reports: Reports
  readonly slices: UsageSlices
  readonly store: Store<unknown>
  readonly remove: SessionHandler['remove']
  readonly delivery: Delivery
  readonly counters: Counters
  readonly ingestLog: IngestLog
  readonly budgets: () => Promise<Budgets>
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
  const { reports, slices, store, delivery, clock } = deps
  const listeners = new Set<() => void>()
  store.onDeleted(() => slices.clear())

  const queries: WebQueries = {
    ...reports,
    budgets: deps.budgets,
    deleteSession: async (key) => {
      const records = await deps.remove(key)
      return records === undefined ? undefined : { records }
    },
    delivery: () => deliveryAnswer(deps),
    retry: async ({ ids }) => {
      const items = await store.deadItems.retry(ids, clock.now())
      delivery.notify()
      return { items }
    },
    drop: async ({ ids }) => ({ items: await store.deadItems.drop(ids) }),
    live: {
      ...reports.live,
      onCommitted: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }

  return {
    queries,
    committed: ({ usage }) => {
      for (const used of usage) {
        if (used.regrouped !== undefined) slices.regrouped(used.regrouped)
        const { models, tools, activity } = used.usage
        slices.changed(models)
        slices.changed(tools)
        slices.changed(activity)
      }
      for (const listener of listeners) listener()
    },
  }
}

async function deliveryAnswer(deps: PageQueriesDeps): Promise<DeliveryAnswer> {
  const { store, delivery, counters, ingestLog, langfuseUrl } = deps
  const { langfuse, lastDeliveredMs, lastError } = delivery.status()
  const { pending, dead, oldestPendingMs } = await store.outbox.stats()
  const { requestCount, errorCount, rejectedRecords } = counters.snapshot()
  return {
    langfuse: {
      state: langfuse,
      url: langfuseUrl ?? null,
      lastDeliveredMs: lastDeliveredMs ?? null,
      lastError: lastError ?? null,
    },
    outbox: {
      pending,
      dead,
      dropped: store.upkeep.dropped(),
      oldestPendingMs: oldestPendingMs ?? null,
    },
    deadItems: [...(await store.deadItems.list(MAX_DEAD_ITEMS))],
    ingest: {
      requests: requestCount,
      errors: errorCount,
      rejected: Object.values(rejectedRecords).reduce((sum, count) => sum + count, 0),
      recent: ingestLog.recent().map((entry) => ({ ...entry, reasons: [...entry.reasons] })),
    },
    retention: retentionAnswer(deps),
  }
}

function retentionAnswer({ store, retentionMs }: PageQueriesDeps): DeliveryAnswer['retention'] {
  const { usedBytes, state, ...size } = store.size()
  return {
    days: retentionMs / DAY_MS,
    databaseBytes: store.databaseBytes() ?? null,
    ...size,
    usedBytes: usedBytes ?? null,
    size: state,
  }
}
