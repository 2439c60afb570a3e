/**
 * Empties the outbox into one exporter's server: sends at once what was committed, holds back while
 * the server cannot take it, and sleeps when there is nothing to do. Each kind of item has a lane of
 * its own; exporters know nothing of each other.
 *
 * All that is known of an item is in the outbox, so a restart goes on where this ended. Marks follow
 * the answer: a crash between both repeats the requests under way, under the same ids.
 */
import type { Clock } from '../domain/clock.ts'
import type { DestinationPause } from '../domain/destination-pause.ts'
import type { ItemKind, Outbox } from '../domain/outbox.ts'
import { type CircuitBreaker, createCircuitBreaker, type ServerState } from './circuit-breaker.ts'
import type { DrainOptions } from './drain.ts'
import { createDeliveryRecorder, type DeliveryCounts } from './delivery-recorder.ts'
import type { Exporter, Lane, Verdict } from './exporter.ts'
import { createLaneLoop } from './lane-loop.ts'
import { createLaneSender } from './lane-sender.ts'
import { DELIVERY_LIMITS, type DeliveryLimits, type DeliveryLog } from './limits.ts'

export interface DeliveryStatus extends DeliveryCounts {
  /** `unreachable` until the first word from the server. */
  readonly state: ServerState
  readonly lastDeliveredMs: number | undefined
  /** Why deliveries fail at present. */
  readonly lastError: string | undefined
}

export interface Delivery {
  start(): void
  /** Something was committed to the outbox: send it now. Cheap, coalesced. */
  notify(): void
  /**
   * Sends what is left, also what had been put off, for at most so long. Tries at once, even
   * in the middle of a backoff (not against a Retry-After), and gives up early when nothing
   * answers. Resolves to whether the outbox is empty.
   */
  drain(options: DrainOptions): Promise<boolean>
  /** Drops what is under way and resolves once nothing touches the outbox any more. */
  stop(): Promise<void>
  status(): DeliveryStatus
}

/** Told of each request to an exporter's server: what its answer meant, and how long it took. */
export type OnExported = (exporter: string, outcome: Verdict['kind'], durationMs: number) => void

export interface DeliveryDeps {
  readonly exporter: Exporter
  /** What waits for this exporter, of one kind. */
  readonly outbox: (kind: ItemKind) => Outbox
  /** Keeps what a server asks for by Retry-After; without it a restart begins anew. */
  readonly pause?: ((account: string) => DestinationPause) | undefined
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly onExported?: OnExported
  readonly log: DeliveryLog
  readonly limits?: Partial<DeliveryLimits>
}

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { exporter, clock, log } = deps
  const { label } = exporter
  const limits = { ...DELIVERY_LIMITS, ...deps.limits }
  const aborter = new AbortController()
  const stop = aborter.signal
  /** The principal lane was, when something last changed. */
  let wasFailing = false
  let shownState: ServerState | undefined
  const failure = { untilMs: 0 }
  let resumed: Promise<void> | undefined
  const breakers = exporter.lanes.map(() =>
    createCircuitBreaker({ clock, random: deps.random, limits, onChange }),
  )
  const [principal] = breakers
  const lanes = exporter.lanes.map((lane, index) => laneOf(lane, breakers[index] ?? onlyBreaker()))

  /** An exporter without lanes has nothing to deliver; its type allows one all the same. */
  function onlyBreaker(): CircuitBreaker {
    throw new Error(`the exporter ${exporter.name} has no lanes`)
  }

  function laneOf(lane: Lane, breaker: CircuitBreaker) {
    const isPrincipal = breaker === principal
    const outbox = deps.outbox(lane.kind)
    const account = isPrincipal ? exporter.account : `${exporter.account} ${lane.kind}`
    const pause = deps.pause?.(account)
    const recorder = createDeliveryRecorder({ label, outbox, clock, log })
    const timed = deps.onExported === undefined ? lane : withTimes(lane, deps.onExported)
    const sender = createLaneSender({
      exporter,
      lane: timed,
      recorder,
      breaker,
      pause,
      limits,
      stop,
    })
    const loop = createLaneLoop({
      outbox,
      sender,
      breaker,
      principal: isPrincipal ? undefined : principal,
      resume,
      failure,
      clock,
      limits,
      log,
      stop,
    })
    const resumeLane = async () => breaker.resume((await pause?.untilMs()) ?? 0)
    return { outbox, recorder, loop, resumeLane }
  }

  function withTimes(lane: Lane, onExported: OnExported): Lane {
    return {
      ...lane,
      encode: (item) => lane.encode(item),
      send: async (batch, stopped) => {
        const startMs = clock.now()
        const verdict = await lane.send(batch, stopped)
        onExported(exporter.name, verdict.kind, clock.now() - startMs)
        return verdict
      },
    }
  }

  /** What the server asked a former process for, for all lanes: the principal one holds the others. */
  function resume(): Promise<void> {
    resumed ??= Promise.all(lanes.map(({ resumeLane }) => resumeLane())).then(
      () => {},
      (error: unknown) => {
        resumed = undefined
        throw error
      },
    )
    return resumed
  }

  /** The lane that says how the server is: the principal one, unless only another one fails. */
  function speaker(): CircuitBreaker | undefined {
    if (principal?.isFailing() === true) return principal
    return breakers.find((breaker) => breaker.isFailing()) ?? principal
  }

  function onChange(): void {
    const isFailing = principal?.isFailing() === true
    if (wasFailing && !isFailing) for (const { loop } of lanes) loop.wake()
    wasFailing = isFailing
    const state = speaker()?.state()
    if (state === undefined || state === shownState) return
    shownState = state
    if (state === 'connected') log.info({}, `${label} connected`)
    else log.warn({ reason: speaker()?.lastError() }, `${label} ${state}`)
  }

  async function isEmpty(): Promise<boolean> {
    const stats = await Promise.all(lanes.map(({ outbox }) => outbox.stats()))
    return stats.every(({ pending }) => pending === 0)
  }

  return {
    start: () => {
      for (const { loop } of lanes) loop.start()
    },
    notify: () => {
      for (const { loop } of lanes) loop.wake()
    },
    drain: async (options) => {
      if (stop.aborted) return isEmpty()
      const drained = await Promise.all(lanes.map(({ loop }) => loop.drain(options)))
      return drained.every((isDrained) => isDrained)
    },
    stop: async () => {
      aborter.abort()
      await Promise.all(lanes.map(({ loop }) => loop.ended()))
    },
    status: () => {
      const counts = lanes.map(({ recorder }) => recorder.counts())
      const sum = (name: keyof DeliveryCounts) =>
        counts.reduce((total, each) => total + each[name], 0)
      const deliveredMs = lanes.flatMap(({ recorder }) => recorder.lastDeliveredMs() ?? [])
      return {
        state: speaker()?.state() ?? 'unreachable',
        lastError: speaker()?.lastError(),
        lastDeliveredMs: deliveredMs.length === 0 ? undefined : Math.max(...deliveredMs),
        delivered: sum('delivered'),
        retried: sum('retried'),
        buried: sum('buried'),
        rejectedInPart: sum('rejectedInPart'),
      }
    },
  }
}
