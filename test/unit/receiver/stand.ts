/**
 * A receiver with everything around it replaced, and what the tests need to look at.
 */
import type { FastifyInstance } from 'fastify'
import { vi } from 'vitest'
import type { Clock } from '../../../src/domain/clock.ts'
import type { LogRecord, MetricPoint } from '../../../src/domain/telemetry-record.ts'
import { type Counters, createCounters } from '../../../src/observability/counters.ts'
import type { LogMethod } from '../../../src/observability/logger.ts'
import type { Ingest } from '../../../src/receiver/export-route.ts'
import type { HealthReport } from '../../../src/receiver/health-route.ts'
import { createReceiver, type ReceiverDeps } from '../../../src/receiver/receiver.ts'

export const NOW_MS = 1_795_229_558_020

export const healthy: HealthReport = {
  status: 'ok',
  version: '1.2.3',
  uptime: 12,
  sessions: 1,
  requestCount: 2,
  errorCount: 0,
  langfuse: 'connected',
  delivery: { pending: 0, dead: 0, oldestPendingMs: null, lastDeliveredAt: null },
}

export interface Stand {
  readonly app: FastifyInstance
  readonly counters: Counters
  readonly ingestLogs: ReturnType<typeof vi.fn<Ingest<LogRecord>>>
  readonly ingestMetrics: ReturnType<typeof vi.fn<Ingest<MetricPoint>>>
  readonly log: Record<'error' | 'warn' | 'info' | 'debug', ReturnType<typeof vi.fn<LogMethod>>>
  readonly clock: Clock & { nowMs: number }
}

interface Settings {
  readonly apiKey?: string
  readonly maxRequestBytes?: number
  readonly health?: ReceiverDeps['health']
}

/** A receiver that stores everything it is given, until a test says otherwise. */
export function createStand(settings: Settings = {}): Stand {
  const { apiKey, maxRequestBytes = 10_000, health = () => Promise.resolve(healthy) } = settings
  const counters = createCounters()
  const ingestLogs = vi.fn<Ingest<LogRecord>>().mockResolvedValue([])
  const ingestMetrics = vi.fn<Ingest<MetricPoint>>().mockResolvedValue([])
  const log = {
    error: vi.fn<LogMethod>(),
    warn: vi.fn<LogMethod>(),
    info: vi.fn<LogMethod>(),
    debug: vi.fn<LogMethod>(),
  }
  const clock = {
    nowMs: NOW_MS,
    now: () => clock.nowMs,
    setTimer: () => ({ cancel: () => undefined }),
  }
  const config = {
    host: '127.0.0.1',
    port: 0,
    maxRequestBytes,
    ...(apiKey !== undefined && { apiKey }),
  }
  const app = createReceiver({ config, ingestLogs, ingestMetrics, health, log, counters, clock })
  return { app, counters, ingestLogs, ingestMetrics, log, clock }
}

/** A body of OTLP/JSON logs with one record for each name. */
export function logsBody(...eventNames: unknown[]): string {
  const logRecords = eventNames.map((eventName) => ({ eventName }))
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
}

export const jsonType = { 'content-type': 'application/json' }
