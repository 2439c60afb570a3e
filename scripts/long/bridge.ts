/** The inside of the bridge under a simulated clock: all but the receiver and the network. */
import { createDelivery } from '../../src/exporters/delivery.ts'
import { createLangfuseExporter } from '../../src/exporters/langfuse/langfuse-exporter.ts'
import type { Arrival } from '../../src/domain/session-store.ts'
import { jsonLogs } from '../../src/otlp/json-logs.ts'
import { decodeJson } from '../../src/otlp/json-request.ts'
import { processRecords } from '../../src/processors/stored-processor.ts'
import { createSessionHandler } from '../../src/sessions/handler.ts'
import { defaultBounds, type SessionPolicy } from '../../src/sessions/policy.ts'
import type { SessionState } from '../../src/sessions/state.ts'
import { createSessionStates } from '../../src/app/session-states.ts'
import { openStore } from '../../src/storage/open-store.ts'
import type { Batch } from '../../test/integration/faults/batch.ts'
import type { Random } from '../../test/integration/faults/random.ts'
import { createManualClock } from '../../test/unit/manual-clock.ts'
import { createSink } from './sink.ts'

const START_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const RETENTION_HOURS = 4
const DRAIN_MS = 60_000

const policy: SessionPolicy = {
  idleTimeoutMs: HOUR_MS / 2,
  maxAgeMs: 24 * HOUR_MS,
  quietTimeoutMs: 20_000,
  joinTimeoutMs: 7_000,
  sessionEndGraceMs: 5_000,
  hookContent: 'auto',
  tagLabels: [],
  maxContentLength: 100_000,
  ...defaultBounds,
}

const log = { info: () => {}, warn: () => {}, error: console.error }

/** A bridge that takes about `records` records, over a folder. */
export async function createBridge(dataDir: string, random: Random, records: number) {
  const clock = createManualClock(START_MS)
  const sink = createSink(clock, random, 2 * records)
  const opened = await openStore<SessionState>({
    dataDir,
    clock,
    states: createSessionStates(policy),
    retentionMs: RETENTION_HOURS * HOUR_MS,
    outbox: { maxAgeMs: 0, maxBytes: 0 },
    exporters: [{ exporter: 'langfuse', kinds: ['observation', 'score'], isActive: true }],
    log,
  })
  if (!opened.ok) throw new Error(opened.error.message)
  const store = opened.value
  const next = () => random.next()
  const delivery = createDelivery({
    exporter: createLangfuseExporter({
      client: sink,
      address: 'http://langfuse.example',
      publicKey: 'pk-lf-1',
      mapping: { productVersion: '0.0.0' },
      now: () => clock.now(),
    }),
    outbox: (kind) => store.outbox('langfuse', kind),
    clock,
    random: next,
    log: { ...log, error: log.error },
  })
  const handler = createSessionHandler({
    store: store.sessions,
    clock,
    policy,
    maxSessions: 1000,
    defer: setImmediate,
    onEmitted: () => delivery.notify(),
    onError: (message, error) => log.error(message, error),
  })
  await handler.start()
  delivery.start()
  store.upkeep.start()

  function arrivalsOf({ body }: Batch): readonly Arrival[] {
    const part = decodeJson(Buffer.from(body), jsonLogs).next().value
    if (part === undefined || 'message' in part) throw new Error('a body was not decoded')
    const { accepted, rejected } = processRecords(
      { signal: 'log', records: part.accepted },
      clock.now(),
    )
    if (rejected.length > 0) throw new Error(`refused: ${rejected[0]?.message}`)
    return accepted
  }

  return {
    clock,
    sink,
    /** As if each batch came in a request of its own, all at once. */
    take: async (batches: readonly Batch[]): Promise<void> => {
      await Promise.all(batches.map((batch) => handler.accept(arrivalsOf(batch))))
    },
    outbox: () => store.outboxCounts(),
    /** Closes everything and sends what is left, to a Langfuse that is well. */
    finish: async () => {
      sink.heal()
      await handler.closeAll('shutdown')
      handler.stop()
      const drained = delivery.drain({ timeoutMs: DRAIN_MS })
      await clock.advance(DRAIN_MS)
      await drained
      await delivery.stop()
      const { pending, dead } = await store.outboxCounts()
      const dropped = await store.upkeep.dropped()
      await store.close()
      return { pending, dead, dropped }
    },
  }
}
