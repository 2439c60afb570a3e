/**
 * Sends what was taken from the outbox, once, and draws the consequences of the answers.
 *
 * A rejected batch is halved until the item at fault is alone; that one is put aside with the
 * server's reason, its neighbours are delivered. A failure of the server ends the work: what was in
 * the failing request is put off, what was not sent yet stays due.
 */
import type { DestinationPause } from '../domain/destination-pause.ts'
import type { OutboxItem } from '../domain/outbox.ts'
import { batchesOf, type Encoded, encodeItems } from './batches.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { DeliveryRecorder } from './delivery-recorder.ts'
import { type Exporter, type Failure, isFailure, type Lane, type Verdict } from './exporter.ts'
import type { DeliveryLimits } from './limits.ts'

export interface LaneSender {
  /** Sends the items and marks what became of them. Rejects only when the outbox does. */
  send(items: readonly OutboxItem[]): Promise<void>
  /** Asks the server whether it would take something, and notes the answer. */
  probe(): Promise<void>
}

interface LaneSenderDeps {
  readonly exporter: Pick<Exporter, 'probe'>
  readonly lane: Lane
  readonly recorder: DeliveryRecorder
  readonly breaker: CircuitBreaker
  readonly pause?: DestinationPause | undefined
  readonly limits: DeliveryLimits
  readonly stop: AbortSignal
}

interface Sent {
  readonly batch: readonly Encoded[]
  readonly verdict: Verdict
}

export function createLaneSender(deps: LaneSenderDeps): LaneSender {
  const { exporter, lane, recorder, breaker, pause, limits, stop } = deps
  let concurrent = Math.min(limits.firstConcurrent, lane.maxConcurrent)

  /** Sends batches at the same time. Resolves to whether more may be sent. */
  async function sendTogether(batches: readonly (readonly Encoded[])[]): Promise<boolean> {
    const sent = await Promise.all(
      batches.map(
        async (batch): Promise<Sent> => ({ batch, verdict: await lane.send(batch, stop) }),
      ),
    )
    adapt(sent)
    const divisible = sent.filter(
      ({ batch, verdict }) =>
        verdict.kind === 'rejected' && verdict.items === undefined && batch.length > 1,
    )
    if (!(await settle(sent.filter((each) => !divisible.includes(each))))) return false
    for (const { batch } of divisible) {
      const middle = Math.ceil(batch.length / 2)
      for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
        if (!(await sendTogether([half]))) return false
      }
    }
    return true
  }

  /** One more at a time while all goes well, half as many when the server has enough. */
  function adapt(sent: readonly Sent[]): void {
    if (sent.some(({ verdict }) => verdict.kind === 'retry')) {
      concurrent = Math.max(1, Math.floor(concurrent / 2))
    } else if (sent.length === concurrent) {
      concurrent = Math.min(concurrent + 1, lane.maxConcurrent)
    }
  }

  /** Marks what was sent at one moment. Resolves to whether more may be sent. */
  async function settle(sent: readonly Sent[]): Promise<boolean> {
    const accepted = sent.flatMap(acceptedIds)
    if (accepted.length > 0) {
      breaker.accepted()
      await recorder.delivered(accepted)
    }
    for (const { batch, verdict } of sent) {
      if (verdict.kind === 'partial') recorder.rejectedInPart(verdict.rejected, verdict.reason)
      if (verdict.kind !== 'rejected') continue
      const refused = verdict.items?.flatMap((index) => batch[index] ?? []) ?? batch
      const isBelieved = await believe(idsOf(refused), verdict.isDoubtful === true)
      if (!isBelieved) return false
      await recorder.bury(idsOf(refused), verdict.reason)
    }
    // Last: what a failure holds must not be freed by a neighbour's success.
    const failed = sent.filter(({ verdict }) => isFailure(verdict))
    const failure = mostPatient(failed.map(({ verdict }) => verdict).filter(isFailure))
    if (failure !== undefined)
      await hold(
        failed.flatMap(({ batch }) => idsOf(batch)),
        failure,
      )
    return failure === undefined && sent.every(({ verdict }) => verdict.kind !== 'stopped')
  }

  /**
   * A rejection is believed only of a server that has taken something lately: a proxy or a wrong
   * host that answers 400 to everything would have the whole outbox put aside.
   */
  async function believe(ids: readonly number[], isDoubtful: boolean): Promise<boolean> {
    const isKnown = breaker.state() === 'connected' && breaker.staleInMs() > 0
    if (isKnown && !isDoubtful) return true
    const failure = await ask()
    if (stop.aborted) return false
    if (failure !== undefined) await hold(ids, failure)
    return failure === undefined
  }

  async function hold(ids: readonly number[], failure: Failure): Promise<void> {
    const notBeforeMs = breaker.failed(failure)
    await keepPause(failure)
    await recorder.putOff(ids, notBeforeMs, failure.reason)
  }

  /** What the server asks for holds for items, too, that a restart finds and that never failed. */
  async function keepPause(failure: Failure): Promise<void> {
    if (failure.kind !== 'retry' || !failure.retryAfterMs) return
    await pause?.set(breaker.retryAtMs())
  }

  async function ask(): Promise<Failure | undefined> {
    const verdict = await exporter.probe(stop)
    if (isFailure(verdict)) return verdict
    if (verdict.kind === 'accepted') breaker.accepted()
    return undefined
  }

  return {
    send: async (items) => {
      const { encoded, failures } = encodeItems(items, lane)
      for (const { id, reason } of failures) await recorder.bury([id], reason)
      const batches = batchesOf(encoded, lane)
      for (let next = 0; next < batches.length; ) {
        const together = batches.slice(next, next + concurrent)
        if (!(await sendTogether(together))) return
        next += together.length
      }
    },
    probe: async () => {
      const failure = await ask()
      if (failure === undefined || stop.aborted) return
      breaker.probeFailed(failure)
      await keepPause(failure)
    },
  }
}

function acceptedIds({ batch, verdict }: Sent): readonly number[] {
  if (verdict.kind === 'accepted' || verdict.kind === 'partial') return idsOf(batch)
  if (verdict.kind !== 'rejected' || verdict.items === undefined) return []
  const refused = new Set(verdict.items)
  return idsOf(batch.filter((_, index) => !refused.has(index)))
}

function idsOf(batch: readonly Encoded[]): number[] {
  return batch.map(({ id }) => id)
}

/** The failure that asks for the most patience stands for all of one moment. */
function mostPatient(failures: readonly Failure[]): Failure | undefined {
  const patience = (failure: Failure) =>
    failure.kind === 'unauthorized' ? Number.POSITIVE_INFINITY : (failure.retryAfterMs ?? 0)
  return failures.toSorted((a, b) => patience(b) - patience(a))[0]
}
