/**
 * The HTTP server with everything around it replaced, and what the tests need to look at.
 */
import { vi } from 'vitest'
import type { Clock } from '../../../src/domain/clock.ts'
import type { Rejection } from '../../../src/domain/rejection.ts'
import type {
  LogRecord,
  MetricPoint,
  PostedHook,
  SpanRecord,
} from '../../../src/domain/telemetry-record.ts'
import { type Counters, createCounters } from '../../../src/observability/counters.ts'
import type { LogMethod } from '../../../src/observability/logger.ts'
import { createAdmission } from '../../../src/receivers/admission.ts'
import type { Intake } from '../../../src/processors/chain.ts'
import type { Forwarding } from '../../../src/processors/forwarding.ts'
import type { IngestRequest } from '../../../src/processors/record-processor.ts'
import { createKeyGuesses } from '../../../src/receivers/key-guesses.ts'
import { createSignalReceivers } from '../../../src/receivers/signal-receiver.ts'
import { createStatusLineReceiver } from '../../../src/receivers/status-line.ts'
import { createFailureLog } from '../../../src/receivers/refusal-log.ts'
import type { HealthReport } from '../../../src/receivers/http/health-route.ts'
import {
  createHttpServer,
  type HttpServer,
  type HttpServerDeps,
} from '../../../src/receivers/http/server.ts'

export const NOW_MS = 1_795_229_558_020

export const healthy: HealthReport = {
  status: 'ok',
  version: '1.2.3',
  instance: '0d3a5c1e-5b8e-4f0e-9d2f-3f6a1f0c7b11',
  uptime: 12,
  sessions: 1,
  requestCount: 2,
  errorCount: 0,
  refused: {},
  langfuse: 'connected',
  delivery: { pending: 0, dead: 0, dropped: 0, oldestPendingMs: null, lastDeliveredAt: null },
  exporters: [],
  asOf: '2026-11-21T09:30:00.000Z',
  storage: {
    state: 'ok',
    lastCommitAt: '2026-11-21T09:30:00.000Z',
    failingSince: null,
    lastError: null,
    usedBytes: 4096,
    maxBytes: 0,
    size: 'within',
    waitingSessions: 0,
    droppedSessions: 0,
  },
}

/** Takes records of a request; a large one brings several lots. */
export type TakeRecords<T> = (
  records: readonly T[],
  request: IngestRequest,
) => Promise<readonly Rejection[]>

export interface Stand {
  readonly app: HttpServer
  readonly counters: Counters
  readonly ingestLogs: ReturnType<typeof vi.fn<TakeRecords<LogRecord>>>
  readonly ingestMetrics: ReturnType<typeof vi.fn<TakeRecords<MetricPoint>>>
  readonly ingestTraces: ReturnType<typeof vi.fn<TakeRecords<SpanRecord>>>
  readonly ingestHooks: ReturnType<typeof vi.fn<TakeRecords<PostedHook>>>
  readonly log: Record<'error' | 'warn' | 'info' | 'debug', ReturnType<typeof vi.fn<LogMethod>>>
  readonly clock: Clock & { nowMs: number }
}

interface Settings {
  readonly apiKey?: string
  readonly maxRequestBytes?: number
  readonly maxInFlightBytes?: number
  /** Beside them, of records; as much as in the product when it is not given. */
  readonly decodingBytes?: number
  readonly maxInFlightRequests?: number
  /** Of those, those that still arrive. */
  readonly maxArriving?: number
  readonly health?: HttpServerDeps['health']
  readonly timeouts?: HttpServerDeps['timeouts']
  readonly web?: HttpServerDeps['web']
  readonly stopping?: AbortSignal
  readonly forwarding?: Forwarding
  readonly maxConnections?: number
}

/** A receiver that stores everything it is given, until a test says otherwise. */
export function createStand(settings: Settings = {}): Stand {
  const {
    apiKey,
    maxRequestBytes = 10_000,
    maxInFlightBytes = 1e9,
    maxInFlightRequests,
    health = () => Promise.resolve(healthy),
    timeouts,
  } = settings
  const counters = createCounters()
  const ingestLogs = vi.fn<TakeRecords<LogRecord>>().mockResolvedValue([])
  const ingestMetrics = vi.fn<TakeRecords<MetricPoint>>().mockResolvedValue([])
  const ingestTraces = vi.fn<TakeRecords<SpanRecord>>().mockResolvedValue([])
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
  const failureLog = createFailureLog(log, clock)
  const ingestHooks = vi.fn<TakeRecords<PostedHook>>(async () => [])
  const ingests = { ingestLogs, ingestMetrics, ingestTraces, ingestHooks }
  const intake: Intake = {
    notUsed: () => ({ points: 0, rejected: [] }),
    redactText: (text) => text.replaceAll('hunter22', '[masked: password]'),
    accept: (of, request) => {
      switch (of.signal) {
        case 'log':
          return ingestLogs(of.records, request)
        case 'metric':
          return ingestMetrics(of.records, request)
        case 'trace':
          return ingestTraces(of.records, request)
        case 'hook':
          return ingestHooks(of.records, request)
        case 'transcript':
          return Promise.resolve([])
      }
    },
  }
  const app = createHttpServer({
    config: { maxRequestBytes, ...(apiKey !== undefined && { apiKey }) },
    signals: createSignalReceivers({
      intake,
      forwarding: settings.forwarding,
      hookAgents: ['claude-code', 'other-agent'],
      clock,
      counters,
      failureLog,
      stopping: settings.stopping ?? new AbortController().signal,
    }),
    statusLine: createStatusLineReceiver({
      figures: async () => undefined,
      planWindows: () => {},
      store: () => {},
    }),
    admission: createAdmission(
      {
        maxBytes: maxInFlightBytes,
        ...(settings.decodingBytes !== undefined && { decodingBytes: settings.decodingBytes }),
        ...(maxInFlightRequests !== undefined && {
          maxArriving: maxInFlightRequests,
          maxHandled: maxInFlightRequests,
        }),
        ...(settings.maxArriving !== undefined && { maxArriving: settings.maxArriving }),
      },
      clock,
    ),
    maxConnections: settings.maxConnections ?? 1000,
    failureLog,
    guesses: createKeyGuesses(clock, log),
    health,
    readiness: () => 'ready',
    scrape: async () => '# metrics\n',
    counters,
    clock,
    ...(timeouts && { timeouts }),
    web: settings.web,
  })
  return { app, counters, ...ingests, log, clock }
}

/** A body of OTLP/JSON logs with one record for each name. */
export function logsBody(...eventNames: unknown[]): string {
  const logRecords = eventNames.map((eventName) => ({ eventName }))
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
}

export const jsonType = { 'content-type': 'application/json' }
