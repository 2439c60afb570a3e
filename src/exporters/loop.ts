/**
 * Turn after turn: take what is due, have it sent, rest until there is something to do. Only
 * one turn runs at a time, so there is never more than one batch of spans in flight.
 */
import type { Clock } from '../domain/clock.ts'
import type { DestinationPause } from '../domain/destination-pause.ts'
import type { Outbox, OutboxItem } from '../domain/outbox.ts'
import type { Destination } from './circuit-breaker.ts'
import type { Dispatcher } from './dispatcher.ts'
import { createDrain, type Drain } from './drain.ts'
import type { DeliveryLimits } from './limits.ts'
import type { DeliveryLog } from './limits.ts'
import { createNap } from './wakeable-delay.ts'
import type { Settlement } from './verdicts.ts'
import type { Step } from './drain.ts'

export interface Loop {
  /** Begins the turns; once begun, does nothing. */
  start(): void
  /** Ends the rest, if there is one. */
  wake(): void
  /** As `Delivery.drain`. */
  drain(timeoutMs: number): Promise<boolean>
  /** After `stop` was aborted: resolves when the last turn is over. */
  ended(): Promise<void>
}

interface LoopDeps {
  readonly outbox: Outbox
  readonly dispatcher: Dispatcher
  readonly settlement: Settlement
  readonly destination: Destination
  readonly pause?: DestinationPause | undefined
  readonly clock: Clock
  readonly limits: DeliveryLimits
  readonly log: DeliveryLog
  readonly stop: AbortSignal
}

/** How long an outbox that failed is left alone. */
const BROKEN_REST_MS = 5_000
/** Items may be due and yet not to be had, when somebody else holds them. */
const SHORTEST_REST_MS = 100

export function createLoop(deps: LoopDeps): Loop {
  const { outbox, dispatcher, settlement, destination, pause, clock, limits, log, stop } = deps
  const nap = createNap(clock)
  let running: Promise<void> | undefined
  let drain: Drain | undefined
  let brokenUntilMs = 0
  let isResumed = pause === undefined

  async function run(): Promise<void> {
    while (!stop.aborted) {
      nap.arm()
      const draining = drain
      const step = await turn(draining !== undefined)
      if (step.kind === 'worked') continue
      draining?.consider(step, destination.isHopeless())
      await nap.rest(step.restMs)
    }
  }

  async function turn(draining: boolean): Promise<Step> {
    try {
      await resume()
      const restMs = Math.max(destination.waitMs(), brokenUntilMs - clock.now())
      if (restMs > 0) return { kind: 'held', restMs }
      const items = await take(draining)
      if (items.length > 0) {
        await dispatcher.dispatch(items)
        return { kind: 'worked' }
      }
      if (!draining && destination.freshMs() === 0) await settlement.probe()
      return await idle()
    } catch (error) {
      log.error({ err: error }, 'the outbox failed, delivery waits')
      brokenUntilMs = clock.now() + BROKEN_REST_MS
      return { kind: 'broken', restMs: BROKEN_REST_MS }
    }
  }

  /** What the destination asked a former process for. */
  async function resume(): Promise<void> {
    if (isResumed) return
    destination.resume((await pause?.untilMs()) ?? 0)
    isResumed = true
  }

  /** A drain does not mind when an item was to be tried again. */
  async function take(draining: boolean): Promise<readonly OutboxItem[]> {
    const now = clock.now()
    const dueMs = (await outbox.nextDueMs()) ?? now
    const mayTake = draining || dueMs > now + limits.longestHoldMs
    return outbox.due(mayTake ? Math.max(now, dueMs) : now, limits.takeItems, limits.takeBytes)
  }

  async function idle(): Promise<Step> {
    const dueMs = await outbox.nextDueMs()
    const untilDueMs = dueMs === undefined ? Number.POSITIVE_INFINITY : dueMs - clock.now()
    const restMs = Math.max(Math.min(untilDueMs, destination.freshMs()), SHORTEST_REST_MS)
    return { kind: 'idle', restMs, pending: dueMs !== undefined }
  }

  function start(): void {
    running ??= run()
  }

  return {
    start,
    wake: () => nap.end(),
    drain: async (timeoutMs) => {
      drain ??= createDrain(clock, timeoutMs, () => {
        drain = undefined
      })
      destination.lift()
      start()
      nap.end()
      return drain.done
    },
    ended: async () => {
      drain?.finish(false)
      nap.end()
      await running
    },
  }
}
