/** What became of each item: marked in the outbox, and counted. */
import type { Clock } from '../domain/clock.ts'
import type { Outbox } from '../domain/outbox.ts'
import type { DeliveryLog } from './limits.ts'

/** Items since the start, by what became of them; an item may be put off many times. */
export interface DeliveryCounts {
  readonly delivered: number
  readonly retried: number
  readonly buried: number
  /** Of those delivered: refused by a server that did not say which. */
  readonly rejectedInPart: number
}

export interface DeliveryRecorder {
  delivered(ids: readonly number[]): Promise<void>
  rejectedInPart(count: number, reason: string): void
  putOff(ids: readonly number[], notBeforeMs: number, reason: string): Promise<void>
  bury(ids: readonly number[], reason: string): Promise<void>
  counts(): DeliveryCounts
  /** When something was last delivered, epoch ms. */
  lastDeliveredMs(): number | undefined
}

interface DeliveryRecorderDeps {
  readonly label: string
  readonly outbox: Outbox
  readonly clock: Clock
  readonly log: DeliveryLog
}

export function createDeliveryRecorder(deps: DeliveryRecorderDeps): DeliveryRecorder {
  const { label, outbox, clock, log } = deps
  let counts: DeliveryCounts = { delivered: 0, retried: 0, buried: 0, rejectedInPart: 0 }
  let lastDeliveredMs: number | undefined

  return {
    delivered: async (ids) => {
      if (ids.length === 0) return
      await outbox.delivered(ids)
      counts = { ...counts, delivered: counts.delivered + ids.length }
      lastDeliveredMs = clock.now()
    },
    rejectedInPart: (count, reason) => {
      counts = { ...counts, rejectedInPart: counts.rejectedInPart + count }
      log.warn({ items: count, reason }, `${label} rejected part of a request`)
    },
    putOff: async (ids, notBeforeMs, reason) => {
      if (ids.length === 0) return
      await outbox.retryLater(ids, notBeforeMs, reason)
      counts = { ...counts, retried: counts.retried + ids.length }
    },
    bury: async (ids, reason) => {
      if (ids.length === 0) return
      await outbox.bury(ids, reason)
      counts = { ...counts, buried: counts.buried + ids.length }
      log.warn({ outboxIds: ids, reason }, `put aside, ${label} will not take it`)
    },
    counts: () => counts,
    lastDeliveredMs: () => lastDeliveredMs,
  }
}
