/**
 * Sends what a replay makes, through the same delivery as the bridge's but from an outbox of its
 * own, in memory: what the bridge has to send is not touched. No more is made while a portion is on
 * its way.
 */
import { err, ok, type Result } from '../domain/result.ts'
import { createDelivery } from '../exporters/delivery.ts'
import type { Exporter } from '../exporters/exporter.ts'
import { createMemoryOutbox } from '../exporters/memory-outbox.ts'
import { createSystemClock } from '../observability/clock.ts'
import type { Taker } from './replay-run.ts'

/** The error of both says why they cannot be delivered. */
export interface ReplaySender extends Taker {
  /** What the server would not take. */
  refused(): { readonly items: number; readonly reasons: readonly string[] }
  stop(): Promise<void>
}

const PORTION_ITEMS = 500
/** How long a portion may take; the server may ask for patience meanwhile. */
const PORTION_TIMEOUT_MS = 300_000

const silent = { info: () => {}, warn: () => {}, error: () => {} }

export function createReplaySender(exporter: Exporter): ReplaySender {
  const kinds = exporter.lanes.map(({ kind }) => kind)
  const outbox = createMemoryOutbox(kinds)
  const delivery = createDelivery({
    exporter,
    outbox: (kind) => outbox.lane(kind),
    clock: createSystemClock(),
    random: Math.random,
    log: silent,
  })

  async function deliver(): Promise<Result<undefined, string>> {
    if (await delivery.drain({ timeoutMs: PORTION_TIMEOUT_MS })) return ok(undefined)
    return err(delivery.status().lastError ?? `not all was taken in ${PORTION_TIMEOUT_MS} ms`)
  }

  return {
    kinds,
    take: async (emissions) => {
      outbox.add(emissions)
      return outbox.pending() < PORTION_ITEMS ? ok(undefined) : deliver()
    },
    finish: deliver,
    refused: () => outbox.refused(),
    stop: () => delivery.stop(),
  }
}
