/**
 * What became of each item: marked in the outbox, and counted.
 */
import type { Clock } from '../domain/clock.ts'
import type { Outbox } from '../domain/outbox.ts'
import type { DeliveryLog } from './limits.ts'
import type { DestinationPause } from '../domain/destination-pause.ts'
import { type Failure, probeVerdictOf, type Verdict } from './langfuse/verdict.ts'
import type { LangfuseClient } from './langfuse/client.ts'
import type { Destination } from './circuit-breaker.ts'

/** Items since the start, by what became of them; an item may be put off many times. */
export interface DeliveryCounts {
  readonly delivered: number
  readonly retried: number
  readonly buried: number
}

export interface Ledger {
  delivered(ids: readonly number[]): Promise<void>
  putOff(ids: readonly number[], notBeforeMs: number, reason: string): Promise<void>
  bury(id: number, reason: string): Promise<void>
  counts(): DeliveryCounts
  /** When something was last delivered, epoch ms. */
  lastDeliveredMs(): number | undefined
}

interface LedgerDeps {
  readonly outbox: Outbox
  readonly clock: Clock
  readonly log: DeliveryLog
}

export function createLedger({ outbox, clock, log }: LedgerDeps): Ledger {
  let counts: DeliveryCounts = { delivered: 0, retried: 0, buried: 0 }
  let lastDeliveredMs: number | undefined

  return {
    delivered: async (ids) => {
      if (ids.length === 0) return
      await outbox.delivered(ids)
      counts = { ...counts, delivered: counts.delivered + ids.length }
      lastDeliveredMs = clock.now()
    },
    putOff: async (ids, notBeforeMs, reason) => {
      if (ids.length === 0) return
      await outbox.retryLater(ids, notBeforeMs, reason)
      counts = { ...counts, retried: counts.retried + ids.length }
    },
    bury: async (id, reason) => {
      await outbox.bury([id], reason)
      counts = { ...counts, buried: counts.buried + 1 }
      log.warn({ outboxId: id, reason }, 'emission put aside, Langfuse will not take it')
    },
    counts: () => counts,
    lastDeliveredMs: () => lastDeliveredMs,
  }
}

// Draws the consequences of an answer: marks the items in the outbox, and notes what it says about
// the destination.

export interface Sent {
  readonly id: number
  /** `undefined` when delivery was stopped before the answer: the item stays as it is. */
  readonly verdict: Verdict | undefined
}

export interface Settlement {
  /** Settles what was sent at one moment. Resolves to whether more may be sent. */
  settle(sent: readonly Sent[]): Promise<boolean>
  /** Asks Langfuse whether it would take something, and notes the answer. */
  probe(): Promise<void>
}

interface SettlementDeps {
  readonly client: Pick<LangfuseClient, 'probe'>
  readonly ledger: Ledger
  readonly destination: Destination
  readonly pause?: DestinationPause | undefined
  readonly clock: Clock
  readonly stop: AbortSignal
}

export function createSettlement(deps: SettlementDeps): Settlement {
  const { client, ledger, destination, pause, clock, stop } = deps

  async function hold(ids: readonly number[], failure: Failure): Promise<void> {
    const notBeforeMs = destination.failed(failure)
    await keepPause(failure)
    await ledger.putOff(ids, notBeforeMs, failure.reason)
  }

  /** What the server asks for holds for items, too, that a restart finds and that never failed. */
  async function keepPause(failure: Failure): Promise<void> {
    if (failure.kind !== 'retry' || !failure.retryAfterMs) return
    await pause?.set(destination.orderedUntilMs())
  }

  /**
   * A refusal is believed only of someone who has taken something lately: a proxy or a wrong
   * host that answers 400 to everything would have the whole outbox buried.
   */
  async function bury(id: number, reason: string): Promise<boolean> {
    if (destination.state() !== 'connected' || destination.freshMs() === 0) {
      const failure = await ask()
      if (stop.aborted) return false
      if (failure !== undefined) {
        await hold([id], failure)
        return false
      }
    }
    await ledger.bury(id, reason)
    return true
  }

  async function ask(): Promise<Failure | undefined> {
    const verdict = probeVerdictOf(await client.probe(stop), clock.now())
    if (verdict.kind !== 'delivered') return verdict
    destination.accepted()
    return undefined
  }

  return {
    settle: async (sent) => {
      const delivered = sent.filter(({ verdict }) => verdict?.kind === 'delivered')
      if (delivered.length > 0) {
        destination.accepted()
        await ledger.delivered(idsOf(delivered))
      }
      for (const { id, verdict } of sent) {
        if (verdict?.kind === 'refused' && !(await bury(id, verdict.reason))) return false
      }
      // Last: what a failure holds must not be freed by a neighbour's success.
      const failed = sent.filter(({ verdict }) => isFailure(verdict))
      const failure = longest(failed.map(({ verdict }) => verdict).filter(isFailure))
      if (failure !== undefined) await hold(idsOf(failed), failure)
      return failure === undefined && sent.every(({ verdict }) => verdict !== undefined)
    },
    probe: async () => {
      const failure = await ask()
      if (failure === undefined || stop.aborted) return
      destination.probeFailed(failure)
      await keepPause(failure)
    },
  }
}

function idsOf(sent: readonly Sent[]): number[] {
  return sent.map(({ id }) => id)
}

function isFailure(verdict: Verdict | undefined): verdict is Failure {
  return verdict?.kind === 'retry' || verdict?.kind === 'unauthorized'
}

/** The failure that asks for the most patience stands for all of one moment. */
function longest(failures: readonly Failure[]): Failure | undefined {
  const patience = (failure: Failure) =>
    failure.kind === 'unauthorized' ? Number.POSITIVE_INFINITY : (failure.retryAfterMs ?? 0)
  return failures.toSorted((a, b) => patience(b) - patience(a))[0]
}
