/** The gRPC server with everything behind it replaced. */
import { vi } from 'vitest'
import type { Rejection } from '../../../src/domain/rejection.ts'
import type { LogRecord, MetricPoint, SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { type Counters, createCounters } from '../../../src/observability/counters.ts'
import { createSystemClock } from '../../../src/observability/clock.ts'
import { createAdmission } from '../../../src/receivers/admission.ts'
import type { Intake } from '../../../src/processors/chain.ts'
import { createSignalReceivers } from '../../../src/receivers/signal-receiver.ts'
import { createFailureLog } from '../../../src/receivers/refusal-log.ts'
import { createGrpcServer, type GrpcServer } from '../../../src/receivers/grpc/server.ts'
import { createKeyGuesses } from '../../../src/receivers/key-guesses.ts'
import { createLogger } from '../../../src/observability/logger.ts'

type TakeRecords<T> = (records: readonly T[]) => Promise<readonly Rejection[]>

export interface GrpcStand {
  readonly server: GrpcServer
  /** `host:port`. */
  readonly address: string
  readonly counters: Counters
  readonly ingestLogs: ReturnType<typeof vi.fn<TakeRecords<LogRecord>>>
  readonly ingestMetrics: ReturnType<typeof vi.fn<TakeRecords<MetricPoint>>>
  readonly ingestTraces: ReturnType<typeof vi.fn<TakeRecords<SpanRecord>>>
}

interface Settings {
  readonly apiKey?: string
  readonly maxRequestBytes?: number
  readonly maxInFlightBytes?: number
  readonly maxInFlightRequests?: number
  readonly messageTimeoutMs?: number
  readonly maxConnections?: number
  /** Calls that arrive at once; all of them when it is not given. */
  readonly maxArriving?: number
}

/** A server that listens, and stores everything until a test says otherwise. */
export async function createGrpcStand(settings: Settings = {}): Promise<GrpcStand> {
  const { apiKey, maxRequestBytes = 100_000, maxInFlightBytes = 1e9 } = settings
  const { maxInFlightRequests, messageTimeoutMs } = settings
  const clock = createSystemClock()
  const counters = createCounters()
  const failureLog = createFailureLog(createLogger('silent'), clock)
  const ingests = {
    ingestLogs: vi.fn<TakeRecords<LogRecord>>().mockResolvedValue([]),
    ingestMetrics: vi.fn<TakeRecords<MetricPoint>>().mockResolvedValue([]),
    ingestTraces: vi.fn<TakeRecords<SpanRecord>>().mockResolvedValue([]),
  }
  const intake: Intake = {
    notUsed: () => ({ points: 0, rejected: [] }),
    redactText: (text) => text.replaceAll('hunter22', '[masked: password]'),
    accept: async (of) => {
      switch (of.signal) {
        case 'log':
          return ingests.ingestLogs(of.records)
        case 'metric':
          return ingests.ingestMetrics(of.records)
        case 'trace':
          return ingests.ingestTraces(of.records)
        case 'hook':
        case 'transcript':
          throw new Error('no hook comes over gRPC')
      }
    },
  }
  const server = createGrpcServer({
    config: { maxRequestBytes, ...(apiKey !== undefined && { apiKey }) },
    signals: createSignalReceivers({
      intake,
      hookAgents: [],
      clock,
      counters,
      failureLog,
      stopping: new AbortController().signal,
    }),
    admission: createAdmission(
      {
        maxBytes: maxInFlightBytes,
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
    guesses: createKeyGuesses(clock, createLogger('silent')),
    counters,
    clock,
    ...(messageTimeoutMs !== undefined && { messageTimeoutMs }),
  })
  const port = await server.listen('127.0.0.1', 0)
  return { server, address: `127.0.0.1:${port}`, counters, ...ingests }
}
