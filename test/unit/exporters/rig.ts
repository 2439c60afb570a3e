/** A delivery with everything around it in the hands of the test. */
import type { Clock } from '../../../src/domain/clock.ts'
import type { Emission } from '../../../src/domain/emission.ts'
import { createDelivery } from '../../../src/exporters/delivery.ts'
import type { DeliveryLimits } from '../../../src/exporters/limits.ts'
import { createManualClock, settle } from '../manual-clock.ts'
import { START_MS, sampleObservation, sampleScore } from './langfuse/sample-emissions.ts'
import { createLangfuseExporter } from '../../../src/exporters/langfuse/langfuse-exporter.ts'
import type { LangfuseClient } from '../../../src/exporters/langfuse/client.ts'
import { createMemoryOutbox } from './memory-outbox.ts'
import { createScriptedClient } from './scripted-client.ts'

export function createRig(limits: Partial<DeliveryLimits> = {}) {
  const clock = createManualClock(START_MS)
  const outbox = createMemoryOutbox()
  const client = createScriptedClient()
  const logged: string[] = []
  const write = (_fields: object, message: string) => {
    logged.push(message)
  }
  const log = { info: write, warn: write, error: write }
  // Half of the ceiling: 500 ms, 1 s, 2 s, …
  const random = () => 0.5
  const exporter = langfuseOver(client, clock)
  const lane = outbox.lane
  const delivery = createDelivery({ exporter, outbox: lane, clock, random, log, limits })

  return {
    clock,
    outbox,
    client,
    delivery,
    logged,
    /** Starts and lets the first probe pass. */
    started: async () => {
      delivery.start()
      await settle()
    },
    /** Commits and lets everything happen that needs no time to pass. */
    commit: async (...emissions: readonly Emission[]) => {
      outbox.add(...emissions)
      delivery.notify()
      await settle()
    },
    /** Lets time pass, and everything happen that follows. */
    advance: (ms: number) => clock.advance(ms),
  }
}

/** The Langfuse exporter over a client of the test's. */
export function langfuseOver(client: LangfuseClient, clock: Pick<Clock, 'now'>) {
  return createLangfuseExporter({
    client,
    address: 'http://langfuse.example',
    publicKey: 'pk-lf-1',
    mapping: { productVersion: '1.2.3' },
    now: () => clock.now(),
  })
}

export function span(name: string) {
  return sampleObservation({ name, key: name })
}

export function score(name: string) {
  return sampleScore({ name, key: name })
}
