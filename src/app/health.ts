/**
 * What `/health` reports. Asking for it neither writes nor waits for the disk: whether records can
 * be stored is what the last attempt to store some showed.
 */
import type { Delivery } from '../exporters/delivery.ts'
import type { Clock } from '../domain/clock.ts'
import type { Counters } from '../observability/counters.ts'
import type { Log } from '../observability/logger.ts'
import type { HealthReport } from '../receivers/http/health-route.ts'
import type { Store } from '../storage/store.ts'
import { PRODUCT_VERSION } from './version.ts'

export interface HealthDeps {
  readonly store: Store<unknown>
  readonly delivery: Delivery
  readonly counters: Counters
  readonly clock: Clock
  readonly log: Log
}

/** What is read from the database. Null before it could be read for the first time. */
interface Figures {
  readonly atMs: number
  readonly sessions: number | null
  readonly pending: number | null
  readonly dead: number | null
  readonly dropped: number | null
  readonly oldestPendingSinceMs: number | undefined
}

/** However often somebody asks, the figures are read this rarely. */
const FIGURES_MS = 1000

/**
 * `unavailable` means that records cannot be stored. Langfuse being away does not: everything
 * is kept and delivered later, and the report says so.
 */
export function createHealth(deps: HealthDeps): () => Promise<HealthReport> {
  const { store, delivery, counters, clock, log } = deps
  const startedMs = clock.now()
  let figures: Figures = {
    atMs: Number.NEGATIVE_INFINITY,
    sessions: null,
    pending: null,
    dead: null,
    dropped: null,
    oldestPendingSinceMs: undefined,
  }
  let isReadable = true

  /** Those of a moment ago, when they cannot be read now. */
  async function latestFigures(): Promise<Figures> {
    const nowMs = clock.now()
    if (nowMs - figures.atMs < FIGURES_MS) return figures
    try {
      const { pending, dead, oldestPendingMs } = await store.outbox.stats()
      figures = {
        atMs: nowMs,
        sessions: await store.sessions.countOpenSessions(),
        pending,
        dead,
        dropped: store.upkeep.dropped(),
        oldestPendingSinceMs: oldestPendingMs,
      }
      isReadable = true
    } catch (error) {
      if (isReadable) log.error({ err: error }, 'the figures of /health cannot be read')
      isReadable = false
    }
    return figures
  }

  return async () => {
    const { requestCount, errorCount } = counters.snapshot()
    const { langfuse, lastDeliveredMs } = delivery.status()
    const { isWritable } = store.storage()
    const { atMs, sessions, pending, dead, dropped, oldestPendingSinceMs } = await latestFigures()
    return {
      status: isWritable ? 'ok' : 'unavailable',
      version: PRODUCT_VERSION,
      instance: store.instance,
      uptime: Math.round((clock.now() - startedMs) / 1000),
      requestCount,
      errorCount,
      langfuse,
      sessions,
      delivery: {
        pending,
        dead,
        dropped,
        oldestPendingMs:
          oldestPendingSinceMs === undefined ? null : clock.now() - oldestPendingSinceMs,
        lastDeliveredAt: isoOf(lastDeliveredMs),
      },
      asOf: isoOf(Number.isFinite(atMs) ? atMs : undefined),
      storage: storageReport(store),
    }
  }
}

function storageReport(store: Store<unknown>): HealthReport['storage'] {
  const { isWritable, lastCommitMs, failure } = store.storage()
  const { usedBytes, maxBytes, state, waitingSessions, droppedSessions } = store.size()
  return {
    state: isWritable ? 'ok' : 'failing',
    lastCommitAt: isoOf(lastCommitMs),
    failingSince: isoOf(failure?.sinceMs),
    lastError: failure?.message ?? null,
    usedBytes: usedBytes ?? null,
    maxBytes,
    size: state,
    waitingSessions,
    droppedSessions,
  }
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
