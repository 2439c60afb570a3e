/**
 * What `/health` reports. Asking for it neither writes nor waits for the disk: whether records can
 * be stored is what the last attempt to store some showed.
 */
import type { Deliveries } from '../exporters/deliveries.ts'
import type { Clock } from '../domain/clock.ts'
import type { OutboxStats } from '../domain/outbox.ts'
import type { Counters } from '../observability/counters.ts'
import type { Log } from '../observability/logger.ts'
import type { HealthReport } from '../receivers/http/health-route.ts'
import type { Store } from '../storage/store.ts'
import { PRODUCT_VERSION } from './version.ts'

export interface HealthDeps {
  readonly store: Store<unknown>
  readonly delivery: Deliveries
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
  readonly exporters: readonly ExporterFigures[]
}

interface ExporterFigures extends OutboxStats {
  readonly name: string
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
    exporters: [],
  }
  let isReadable = true

  const ageOf = (sinceMs: number | undefined) =>
    sinceMs === undefined ? null : clock.now() - sinceMs

  async function exporterFigures(): Promise<ExporterFigures[]> {
    const { queues: all } = await store.outboxCounts()
    const byName = Map.groupBy(all, ({ exporter }) => exporter)
    return Promise.all(
      [...byName].map(async ([name, queues]) => {
        const stats = await Promise.all(
          queues.map(({ exporter, kind }) => store.outbox(exporter, kind).stats()),
        )
        return {
          name,
          pending: stats.reduce((sum, { pending }) => sum + pending, 0),
          dead: stats.reduce((sum, { dead }) => sum + dead, 0),
          oldestPendingMs: earliest(stats.map(({ oldestPendingMs }) => oldestPendingMs)),
        }
      }),
    )
  }

  /** Those of a moment ago, when they cannot be read now. */
  async function latestFigures(): Promise<Figures> {
    const nowMs = clock.now()
    if (nowMs - figures.atMs < FIGURES_MS) return figures
    try {
      const exporters = await exporterFigures()
      const { pending, dead } = await store.outboxCounts()
      figures = {
        atMs: nowMs,
        sessions: await store.sessions.countOpenSessions(),
        pending,
        dead,
        dropped: await store.upkeep.dropped(),
        oldestPendingSinceMs: earliest(exporters.map((each) => each.oldestPendingMs)),
        exporters,
      }
      isReadable = true
    } catch (error) {
      if (isReadable) log.error({ err: error }, 'cannot read the figures of /health')
      isReadable = false
    }
    return figures
  }

  return async () => {
    const { requestCount, errorCount, refused, replacedTexts } = counters.snapshot()
    const statuses = delivery.status()
    const langfuse = statuses.find(({ name }) => name === 'langfuse')?.state ?? 'unconfigured'
    const deliveredMs = statuses.flatMap(({ lastDeliveredMs }) => lastDeliveredMs ?? [])
    const lastDeliveredMs = deliveredMs.length === 0 ? undefined : Math.max(...deliveredMs)
    const { isWritable } = store.storage()
    const { atMs, sessions, pending, dead, dropped, oldestPendingSinceMs, exporters } =
      await latestFigures()
    return {
      status: isWritable ? 'ok' : 'unavailable',
      version: PRODUCT_VERSION,
      instance: store.instance,
      uptime: Math.round((clock.now() - startedMs) / 1000),
      requestCount,
      errorCount,
      refused,
      ...(replacedTexts !== undefined && { replacedTexts }),
      langfuse,
      sessions,
      delivery: {
        pending,
        dead,
        dropped,
        oldestPendingMs: ageOf(oldestPendingSinceMs),
        lastDeliveredAt: isoOf(lastDeliveredMs),
      },
      exporters: statuses.map((status) => {
        const stored = exporters.find(({ name }) => name === status.name)
        return {
          name: status.name,
          state: status.state,
          pending: stored?.pending ?? null,
          dead: stored?.dead ?? null,
          oldestPendingMs: ageOf(stored?.oldestPendingMs),
          lastDeliveredAt: isoOf(status.lastDeliveredMs),
        }
      }),
      asOf: isoOf(Number.isFinite(atMs) ? atMs : undefined),
      storage: await storageReport(store),
    }
  }
}

async function storageReport(store: Store<unknown>): Promise<HealthReport['storage']> {
  const { isWritable, lastCommitMs, failure } = store.storage()
  const { usedBytes, maxBytes, state, waitingSessions, droppedSessions } = await store.size()
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

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
