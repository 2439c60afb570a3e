/** What `/health` reports: the real state of store, sessions and delivery, read when asked. */
import type { Delivery } from './delivery/delivery.ts'
import type { Clock } from './domain/clock.ts'
import type { Counters } from './observability/counters.ts'
import type { Log } from './observability/logger.ts'
import type { HealthReport } from './receiver/health-route.ts'
import type { Store } from './store/store.ts'
import { PRODUCT_VERSION } from './version.ts'

export interface HealthDeps {
  readonly store: Store<unknown>
  readonly delivery: Delivery
  readonly counters: Counters
  readonly clock: Clock
  readonly log: Log
}

/**
 * `unavailable` means that records cannot be stored. Langfuse being away does not: everything
 * is kept and delivered later, and the report says so.
 */
export function createHealth(deps: HealthDeps): () => Promise<HealthReport> {
  const { store, delivery, counters, clock, log } = deps
  const startedMs = clock.now()
  return async () => {
    const { requestCount, errorCount } = counters.snapshot()
    const { langfuse, lastDeliveredMs } = delivery.status()
    const base = {
      version: PRODUCT_VERSION,
      uptime: Math.round((clock.now() - startedMs) / 1000),
      requestCount,
      errorCount,
      langfuse,
    }
    const lastDeliveredAt =
      lastDeliveredMs === undefined ? null : new Date(lastDeliveredMs).toISOString()
    try {
      const usable = await store.check()
      if (!usable.ok) throw new Error(usable.error)
      const { pending, dead, oldestPendingMs } = await store.outbox.stats()
      const sessions = await store.sessions.countOpenSessions()
      const oldestMs = oldestPendingMs === undefined ? null : clock.now() - oldestPendingMs
      const dropped = store.upkeep.dropped()
      const delivered = { pending, dead, dropped, oldestPendingMs: oldestMs, lastDeliveredAt }
      return { ...base, status: 'ok', sessions, delivery: delivered }
    } catch (error) {
      log.error({ err: error }, 'the store cannot be used')
      const unknown = { pending: 0, dead: 0, dropped: 0, oldestPendingMs: null, lastDeliveredAt }
      return { ...base, status: 'unavailable', sessions: 0, delivery: unknown }
    }
  }
}
