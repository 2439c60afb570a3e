/**
 * Turn after turn: take what is due, have it sent, rest until there is something to do. Only one
 * turn of a lane runs at a time, so what a crash can repeat is bounded by the requests of one turn.
 */
import type { Clock } from '../domain/clock.ts'
import type { Outbox, OutboxItem } from '../domain/outbox.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { createDrain, type Drain, type DrainOptions, type Step } from './drain.ts'
import type { LaneSender } from './lane-sender.ts'
import type { DeliveryLimits, DeliveryLog } from './limits.ts'
import { createWakeableDelay } from './wakeable-delay.ts'

export interface LaneLoop {
  /** Begins the turns; once begun, does nothing. */
  start(): void
  /** Ends the rest, if there is one. */
  wake(): void
  /** As `Delivery.drain`. */
  drain(options: DrainOptions): Promise<boolean>
  /** After `stop` was aborted: resolves when the last turn is over. */
  ended(): Promise<void>
}

interface LaneLoopDeps {
  readonly outbox: Outbox
  readonly sender: LaneSender
  readonly breaker: CircuitBreaker
  /** The breaker of the principal lane; none on that one itself, which probes. */
  readonly principal?: CircuitBreaker | undefined
  /** Takes up what servers asked a former process for. Cheap once done. */
  readonly resume: () => Promise<void>
  /** Until when an outbox that failed is left alone, epoch ms; shared by the lanes. */
  readonly failure: { untilMs: number }
  readonly clock: Clock
  readonly limits: DeliveryLimits
  readonly log: DeliveryLog
  readonly stop: AbortSignal
}

/** How long an outbox that failed is left alone. */
const BROKEN_REST_MS = 5_000
/** Items may be due and yet not to be had, when somebody else holds them. */
const SHORTEST_REST_MS = 100

export function createLaneLoop(deps: LaneLoopDeps): LaneLoop {
  const { outbox, sender, breaker, principal, resume, failure } = deps
  const { clock, limits, log, stop } = deps
  const rest = createWakeableDelay(clock)
  let running: Promise<void> | undefined
  let drain: Drain | undefined

  async function run(): Promise<void> {
    while (!stop.aborted) {
      rest.arm()
      const draining = drain
      const step = await turn(draining !== undefined)
      if (step.kind === 'worked') continue
      const isHopeless = breaker.isHopeless() || principal?.isHopeless() === true
      draining?.consider(step, isHopeless)
      await rest.wait(step.restMs)
    }
  }

  async function turn(draining: boolean): Promise<Step> {
    try {
      await resume()
      const restMs = waitMs()
      if (restMs > 0) return await held(restMs)
      const items = await take(draining)
      if (items.length > 0) {
        await sender.send(items)
        return { kind: 'worked' }
      }
      if (!draining && principal === undefined && breaker.staleInMs() === 0) await sender.probe()
      return await idle()
    } catch (error) {
      // Once for all lanes: they have one outbox.
      if (clock.now() >= failure.untilMs) {
        log.error({ err: error }, 'cannot read the outbox, delivery is paused')
      }
      failure.untilMs = clock.now() + BROKEN_REST_MS
      return { kind: 'broken', restMs: BROKEN_REST_MS }
    }
  }

  function waitMs(): number {
    const ownMs = Math.max(breaker.waitMs(), failure.untilMs - clock.now())
    if (principal === undefined) return ownMs
    // The principal lane tries first; when it is accepted the others are woken.
    const triesFirstMs = principal.isFailing() ? limits.principalFirstMs : 0
    return Math.max(ownMs, principal.waitMs(), triesFirstMs)
  }

  /** A lane that only the principal one holds back has nothing to wait for while it is empty. */
  async function held(restMs: number): Promise<Step> {
    const isOwn = principal === undefined || clock.now() < failure.untilMs
    const pending = isOwn || (await outbox.nextDueMs()) !== undefined
    return pending ? { kind: 'held', restMs } : { kind: 'idle', restMs, pending }
  }

  /** A drain does not mind when an item was to be tried again. */
  async function take(draining: boolean): Promise<readonly OutboxItem[]> {
    const now = clock.now()
    const dueMs = (await outbox.nextDueMs()) ?? now
    const mayTake = draining || dueMs > now + limits.longestHoldMs
    return outbox.due(mayTake ? Math.max(now, dueMs) : now, limits.takeItems, limits.takeBytes)
  }

  async function idle(): Promise<Step> {
    const isLast = drain?.isLast === true
    // Asked first: what is let go of in between is due then.
    const isHeld = isLast && (await outbox.isHeldByLeaving())
    const dueMs = await outbox.nextDueMs()
    const pending = isHeld || dueMs !== undefined
    if (isLast && pending) return { kind: 'idle', restMs: SHORTEST_REST_MS, pending }
    if (dueMs === undefined && principal !== undefined) breaker.reset()
    const untilDueMs = dueMs === undefined ? Number.POSITIVE_INFINITY : dueMs - clock.now()
    const staleInMs = principal === undefined ? breaker.staleInMs() : limits.longestHoldMs
    const restMs = Math.max(Math.min(untilDueMs, staleInMs), SHORTEST_REST_MS)
    return { kind: 'idle', restMs, pending }
  }

  function start(): void {
    running ??= run()
  }

  return {
    start,
    wake: () => rest.end(),
    drain: async (options) => {
      drain ??= createDrain(clock, options, () => {
        drain = undefined
      })
      breaker.endBackoff()
      start()
      rest.end()
      return drain.done
    },
    ended: async () => {
      drain?.finish(false)
      rest.end()
      await running
    },
  }
}
