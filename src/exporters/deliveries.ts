/**
 * The deliveries of all exporters. None waits for another: each has its own loops, and what one
 * cannot send at present stays in the outbox for it alone.
 */
import type { DestinationPause } from '../domain/destination-pause.ts'
import type { Clock } from '../domain/clock.ts'
import type { ItemKind, Outbox } from '../domain/outbox.ts'
import type { ServerState } from './circuit-breaker.ts'
import { createDelivery, type Delivery, type OnExported } from './delivery.ts'
import type { DeliveryCounts } from './delivery-recorder.ts'
import type { DeliveryLog } from './limits.ts'
import type { ConfiguredExporter } from './registry.ts'

/** The counts are since the start. */
export interface ExporterStatus extends DeliveryCounts {
  readonly name: string
  readonly label: string
  /** Where it sends to; undefined while it is not configured. */
  readonly address: string | undefined
  readonly state: ServerState | 'unconfigured'
  readonly lastDeliveredMs: number | undefined
  /** Why deliveries fail at present. */
  readonly lastError: string | undefined
}

export interface Deliveries extends Pick<Delivery, 'start' | 'notify' | 'drain' | 'stop'> {
  /** In the order of the registry. */
  status(): readonly ExporterStatus[]
}

export interface DeliveriesDeps {
  readonly exporters: readonly ConfiguredExporter[]
  readonly outbox: (exporter: string, kind: ItemKind) => Outbox
  readonly pause: (account: string) => DestinationPause
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly onExported?: OnExported
  readonly log: DeliveryLog
}

export function createDeliveries(deps: DeliveriesDeps): Deliveries {
  const all = deps.exporters.map(({ definition, exporter }) => ({
    definition,
    exporter,
    delivery:
      exporter &&
      createDelivery({
        ...deps,
        exporter,
        outbox: (kind) => deps.outbox(definition.name, kind),
      }),
  }))
  const deliveries = all.flatMap(({ delivery }) => delivery ?? [])

  return {
    start: () => {
      for (const delivery of deliveries) delivery.start()
    },
    notify: () => {
      for (const delivery of deliveries) delivery.notify()
    },
    // What nothing is configured to send is not left behind by a stop: it has to wait.
    drain: async (options) => {
      const drained = await Promise.all(deliveries.map((delivery) => delivery.drain(options)))
      return drained.every((isDrained) => isDrained)
    },
    stop: async () => {
      await Promise.all(deliveries.map((delivery) => delivery.stop()))
    },
    status: () =>
      all.map(({ definition: { name, label }, exporter, delivery }) => {
        const status = delivery?.status()
        return {
          name,
          label,
          address: exporter?.address,
          state: status?.state ?? 'unconfigured',
          delivered: status?.delivered ?? 0,
          retried: status?.retried ?? 0,
          buried: status?.buried ?? 0,
          rejectedInPart: status?.rejectedInPart ?? 0,
          lastDeliveredMs: status?.lastDeliveredMs,
          lastError: status?.lastError,
        }
      }),
  }
}
