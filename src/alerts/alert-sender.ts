/**
 * Sends alerts to one channel, one at a time, beside the delivery to Langfuse and the other channels and
 * without a say in them. What is not taken waits in the store and is tried again, also after a restart; an
 * answer that was lost, or a crash right behind it, repeats an alert under the id it had.
 */
import type { AlertQueue, QueuedAlert } from '../domain/alert.ts'
import type { Clock } from '../domain/clock.ts'
import type { DestinationPause } from '../domain/destination-pause.ts'
import { backoffMs } from '../exporters/backoff.ts'
import type { DeliveryLog } from '../exporters/limits.ts'
import { createWakeableDelay } from '../exporters/wakeable-delay.ts'
import type { AlertChannel, ChannelFailure } from './channel.ts'

export interface AlertSender {
  start(): void
  /** An alert was committed: send it now. */
  notify(): void
  /** Waits for the one under way, for at most `graceMs`; resolves once nothing touches the queue. */
  stop(graceMs: number): Promise<void>
}

export interface AlertSenderDeps {
  readonly queue: AlertQueue
  readonly channel: AlertChannel
  /** Runs before each look into the queue: what commits found is put into it. */
  readonly prepare?: () => Promise<void>
  /** Keeps what the receiver asks for by Retry-After; without it a restart begins anew. */
  readonly pause?: DestinationPause | undefined
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: DeliveryLog
}

const LIMITS = { backoffFirstMs: 2_000, backoffLongestMs: 300_000 }
/** An alert that was tried in vain for this long is of no use any more. */
const GIVE_UP_MS = 3 * 86_400_000
/** How long a queue that failed is left alone. */
const BROKEN_REST_MS = 5_000
/** What is put off for longer was put off under a clock that has been set back since. */
const LONGEST_WAIT_MS = 3_600_000

export function createAlertSender(deps: AlertSenderDeps): AlertSender {
  const { queue, channel, pause, clock, random, log } = deps
  const { label } = channel
  const rest = createWakeableDelay(clock)
  const aborter = new AbortController()
  let running: Promise<void> | undefined
  let isStopping = false
  let heldUntilMs = 0
  let isResumed = pause === undefined
  let failures = 0

  async function run(): Promise<void> {
    while (!isStopping) {
      rest.arm()
      const restMs = await turn()
      if (restMs > 0) await rest.wait(restMs)
    }
  }

  /** Sends what is due, if anything is; resolves to how long nothing is to be done. */
  async function turn(): Promise<number> {
    try {
      await resume()
      const heldMs = heldUntilMs - clock.now()
      if (heldMs > 0) return heldMs
      await deps.prepare?.()
      const next = await queue.next()
      if (next === undefined) return LONGEST_WAIT_MS
      const waitMs = next.notBeforeMs - clock.now()
      if (waitMs > 0 && waitMs <= LONGEST_WAIT_MS) return waitMs
      await send(next)
      return 0
    } catch (error) {
      log.error({ err: error }, `the queue of alerts failed, the ${label} waits`)
      return BROKEN_REST_MS
    }
  }

  /** What the receiver asked a former process for. */
  async function resume(): Promise<void> {
    if (isResumed) return
    heldUntilMs = Math.min((await pause?.untilMs()) ?? 0, clock.now() + LONGEST_WAIT_MS)
    isResumed = true
  }

  async function send(next: QueuedAlert): Promise<void> {
    const sent = await channel.send(next, clock.now(), aborter.signal)
    if (sent.ok) {
      await queue.settle(next.id)
      // Sent again, those who got it would get it twice.
      if (sent.value !== undefined) {
        log.warn({ reason: sent.value }, `the ${label} did not accept all recipients of an alert`)
      }
      if (failures > 0) log.info({}, `the ${label} works again`)
      failures = 0
    } else if (!aborter.signal.aborted) {
      await retry(next, sent.error)
    }
  }

  /** The whole channel rests, and this alert for longer: one that is refused holds up no other. */
  async function retry({ id, alert, attempts }: QueuedAlert, failure: ChannelFailure) {
    const { reason, retryAfterMs = 0 } = failure
    const nowMs = clock.now()
    failures += 1
    if (failures === 1) log.warn({ reason }, `the ${label} failed, it is tried again`)
    heldUntilMs = nowMs + Math.max(retryAfterMs, backoffMs(failures, random, LIMITS))
    if (retryAfterMs > 0) await pause?.set(nowMs + retryAfterMs)
    if (nowMs - alert.atMs > GIVE_UP_MS) {
      log.error({ id, reason }, `an alert was given up: the ${label} did not accept it`)
      await queue.settle(id)
      return
    }
    await queue.putOff(id, heldUntilMs + backoffMs(attempts + 1, random, LIMITS))
  }

  return {
    start: () => {
      running ??= run()
    },
    notify: () => rest.end(),
    stop: async (graceMs) => {
      isStopping = true
      rest.end()
      const timer = clock.setTimer(() => aborter.abort(), graceMs)
      await running
      timer.cancel()
    },
  }
}
