/**
 * Empties the outbox into Langfuse: sends at once what was committed, holds back while Langfuse
 * cannot take it, and sleeps when there is nothing to do.
 *
 * All that is known of an item is in the outbox, so a restart goes on where this ended. Marks
 * follow the answer: a crash between both repeats at most one batch of spans or one handful of
 * scores, under the same ids and start times, by which Langfuse recognises them.
 */
import type { Clock } from '../domain/clock.ts'
import type { DestinationPause } from '../domain/destination-pause.ts'
import type { Outbox } from '../domain/outbox.ts'
import type { LangfuseClient } from './langfuse/client.ts'
import type { MappingConfig } from './langfuse/mapping.ts'
import { createDestination, type LangfuseState } from './circuit-breaker.ts'
import { createDispatcher } from './dispatcher.ts'
import { createLedger, type DeliveryCounts } from './verdicts.ts'
import { DELIVERY_LIMITS, type DeliveryLimits } from './limits.ts'
import type { DeliveryLog } from './limits.ts'
import { createLoop } from './loop.ts'
import { createSettlement } from './verdicts.ts'

export interface DeliveryStatus extends DeliveryCounts {
  /** `unreachable` until the first word from Langfuse. */
  readonly langfuse: LangfuseState | 'unconfigured'
  readonly lastDeliveredMs: number | undefined
  /** Why deliveries fail at present. */
  readonly lastError: string | undefined
}

export interface Delivery {
  start(): void
  /** Something was committed to the outbox: send it now. Cheap, coalesced. */
  notify(): void
  /**
   * Sends what is left, also what had been put off, for at most `timeoutMs`. Tries at once, even
   * in the middle of a backoff (not against a Retry-After), and gives up early when nothing
   * answers. Resolves to whether the outbox is empty.
   */
  drain(timeoutMs: number): Promise<boolean>
  /** Drops what is under way and resolves once nothing touches the outbox any more. */
  stop(): Promise<void>
  status(): DeliveryStatus
}

export interface DeliveryDeps {
  readonly outbox: Outbox
  /** None while there are no keys: items stay pending until a start with keys. */
  readonly client: LangfuseClient | undefined
  /** Keeps what Langfuse asks for by Retry-After; without it a restart begins anew. */
  readonly pause?: DestinationPause | undefined
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: DeliveryLog
  readonly config: MappingConfig
  readonly limits?: Partial<DeliveryLimits>
}

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { outbox, client } = deps
  const ledger = createLedger(deps)
  const isEmpty = async () => (await outbox.stats()).pending === 0
  const progress = () => ({ lastDeliveredMs: ledger.lastDeliveredMs(), ...ledger.counts() })

  if (client === undefined) {
    return {
      start: () => {},
      notify: () => {},
      drain: isEmpty,
      stop: async () => {},
      status: () => ({ langfuse: 'unconfigured', lastError: undefined, ...progress() }),
    }
  }

  const limits = { ...DELIVERY_LIMITS, ...deps.limits }
  const aborter = new AbortController()
  const stop = aborter.signal
  const destination = createDestination({ ...deps, limits })
  const settlement = createSettlement({ ...deps, client, ledger, destination, stop })
  const dispatcher = createDispatcher({ ...deps, client, ledger, settlement, limits, stop })
  const loop = createLoop({ ...deps, dispatcher, settlement, destination, limits, stop })

  return {
    start: () => loop.start(),
    notify: () => loop.wake(),
    drain: (timeoutMs) => (stop.aborted ? isEmpty() : loop.drain(timeoutMs)),
    stop: () => {
      aborter.abort()
      return loop.ended()
    },
    status: () => ({
      langfuse: destination.state(),
      lastError: destination.lastError(),
      ...progress(),
    }),
  }
}
