/**
 * Sends what a replay makes, through the same delivery as the bridge's but from an outbox of its
 * own, in memory: what the bridge has to send is not touched. No more is made while a portion is on
 * its way.
 */
import type { Config, LangfuseConfig } from '../config/config.ts'
import { createDelivery } from '../exporters/delivery.ts'
import { createMemoryOutbox } from '../exporters/memory-outbox.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { createLangfuseClient } from '../exporters/langfuse/client.ts'
import { createSystemClock } from '../observability/clock.ts'
import type { Taker } from './replay-run.ts'

/** The error of both says why they cannot be delivered. */
export interface ReplaySender extends Taker {
  /** What Langfuse would not take. */
  refused(): Promise<{ readonly items: number; readonly reasons: readonly string[] }>
  stop(): Promise<void>
}

const PORTION_ITEMS = 500
/** How long a portion may take; Langfuse may ask for patience meanwhile. */
const PORTION_TIMEOUT_MS = 300_000

const silent = { info: () => {}, warn: () => {}, error: () => {} }

export function createReplaySender(
  langfuse: LangfuseConfig,
  { tracing }: Pick<Config, 'tracing'>,
  productVersion: string,
): ReplaySender {
  const outbox = createMemoryOutbox()
  const delivery = createDelivery({
    outbox,
    client: createLangfuseClient({ ...langfuse, productVersion }),
    clock: createSystemClock(),
    random: Math.random,
    log: silent,
    config: { ...tracing, productVersion },
  })

  async function deliver(): Promise<Result<undefined, string>> {
    if (await delivery.drain(PORTION_TIMEOUT_MS)) return ok(undefined)
    return err(delivery.status().lastError ?? `not all was taken in ${PORTION_TIMEOUT_MS} ms`)
  }

  return {
    take: async (emissions) => {
      outbox.add(emissions)
      const { pending } = await outbox.stats()
      return pending < PORTION_ITEMS ? ok(undefined) : deliver()
    },
    finish: deliver,
    refused: async () => ({
      items: (await outbox.stats()).dead,
      reasons: [...outbox.refusals()],
    }),
    stop: () => delivery.stop(),
  }
}
