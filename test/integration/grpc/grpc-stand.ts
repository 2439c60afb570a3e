/** The gRPC door with everything behind it replaced. */
import { vi } from 'vitest'
import type { LogRecord, MetricPoint, SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { type Counters, createCounters } from '../../../src/observability/counters.ts'
import { createSystemClock } from '../../../src/observability/system-clock.ts'
import { createExports, type Ingest } from '../../../src/receiver/export.ts'
import { createFailureLog } from '../../../src/receiver/failure-log.ts'
import { createGrpcDoor, type GrpcDoor } from '../../../src/receiver/grpc-door.ts'
import { createInFlight } from '../../../src/receiver/in-flight.ts'
import { createLogger } from '../../../src/observability/logger.ts'

export interface GrpcStand {
  readonly door: GrpcDoor
  /** `host:port`. */
  readonly address: string
  readonly counters: Counters
  readonly ingestLogs: ReturnType<typeof vi.fn<Ingest<LogRecord>>>
  readonly ingestMetrics: ReturnType<typeof vi.fn<Ingest<MetricPoint>>>
  readonly ingestTraces: ReturnType<typeof vi.fn<Ingest<SpanRecord>>>
}

interface Settings {
  readonly apiKey?: string
  readonly maxRequestBytes?: number
  readonly maxInFlightBytes?: number
  readonly maxInFlightRequests?: number
  readonly messageTimeoutMs?: number
}

/** A door that listens, and stores everything until a test says otherwise. */
export async function createGrpcStand(settings: Settings = {}): Promise<GrpcStand> {
  const { apiKey, maxRequestBytes = 100_000, maxInFlightBytes = 1e9 } = settings
  const { maxInFlightRequests, messageTimeoutMs } = settings
  const clock = createSystemClock()
  const counters = createCounters()
  const failureLog = createFailureLog(createLogger('silent'), clock)
  const ingests = {
    ingestLogs: vi.fn<Ingest<LogRecord>>().mockResolvedValue([]),
    ingestMetrics: vi.fn<Ingest<MetricPoint>>().mockResolvedValue([]),
    ingestTraces: vi.fn<Ingest<SpanRecord>>().mockResolvedValue([]),
  }
  const door = createGrpcDoor({
    config: { maxRequestBytes, ...(apiKey !== undefined && { apiKey }) },
    exports: createExports(
      { ...ingests, ingestHooks: () => Promise.resolve([]) },
      { counters, failureLog },
    ),
    inFlight: createInFlight(maxInFlightBytes, maxInFlightRequests),
    failureLog,
    counters,
    clock,
    ...(messageTimeoutMs !== undefined && { messageTimeoutMs }),
  })
  const port = await door.listen('127.0.0.1', 0)
  return { door, address: `127.0.0.1:${port}`, counters, ...ingests }
}
