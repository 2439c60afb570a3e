/**
 * What became of each item: marked in the outbox, and counted.
 */
import type { Clock } from '../domain/clock.ts'
import type { Outbox } from '../domain/outbox.ts'
import type { DeliveryLog } from './log.ts'

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
