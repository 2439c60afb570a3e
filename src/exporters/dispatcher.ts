/**
 * Sends what was taken from the outbox, once.
 *
 * A refused batch is halved until the item at fault is alone; that one is put aside with the
 * server's reason, its neighbours are delivered. A failure of the destination ends the work:
 * what was in the failing request is put off, what was not sent yet stays due.
 */
import type { Clock } from '../domain/clock.ts'
import type { OutboxItem } from '../domain/outbox.ts'
import { type HttpOutcome, type Verdict, verdictOf } from './langfuse/verdict.ts'
import type { LangfuseClient } from './langfuse/client.ts'
import { exportRequestJson } from './langfuse/span.ts'
import type { MappingConfig } from './langfuse/mapping.ts'
import {
  batchesOf,
  type EncodedScore,
  type EncodedSpan,
  encodeItems,
  scoreGroupsOf,
} from './encoding.ts'
import type { Ledger } from './verdicts.ts'
import type { DeliveryLimits } from './limits.ts'
import type { Settlement } from './verdicts.ts'

export interface Dispatcher {
  /** Sends the items and has the answers settled. Rejects only when the outbox does. */
  dispatch(items: readonly OutboxItem[]): Promise<void>
}

interface DispatcherDeps {
  readonly client: LangfuseClient
  readonly ledger: Ledger
  readonly settlement: Settlement
  readonly clock: Clock
  readonly config: MappingConfig
  readonly limits: DeliveryLimits
  /** Aborted when delivery stops: what is under way is dropped and stays in the outbox. */
  readonly stop: AbortSignal
}

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { client, ledger, settlement, clock, config, limits, stop } = deps

  /** Resolves to whether more may be sent. */
  async function sendSpans(batch: readonly EncodedSpan[]): Promise<boolean> {
    const jsons = batch.map(({ json }) => json)
    const outcome = await client.sendSpans(exportRequestJson(jsons, config.productVersion), stop)
    const verdict = judged(outcome)
    if (verdict?.kind === 'refused' && batch.length > 1) {
      const middle = Math.ceil(batch.length / 2)
      return (await sendSpans(batch.slice(0, middle))) && (await sendSpans(batch.slice(middle)))
    }
    return settlement.settle(batch.map(({ id }) => ({ id, verdict })))
  }

  async function sendScores(scores: readonly EncodedScore[]): Promise<boolean> {
    const sent = scores.map(async ({ id, body }) => ({
      id,
      verdict: judged(await client.sendScore(body, stop)),
    }))
    return settlement.settle(await Promise.all(sent))
  }

  /** No verdict when delivery was stopped meanwhile: an answer that did not come says nothing. */
  function judged(outcome: HttpOutcome): Verdict | undefined {
    if (outcome.kind === 'no_answer' && stop.aborted) return undefined
    return verdictOf(outcome, clock.now())
  }

  return {
    dispatch: async (items) => {
      const { spans, scores, failures } = encodeItems(items, config)
      for (const { id, reason } of failures) await ledger.bury(id, reason)
      for (const batch of batchesOf(spans, limits.bodyBytes)) {
        if (!(await sendSpans(batch))) return
      }
      for (const together of scoreGroupsOf(scores, limits.concurrentScores)) {
        if (!(await sendScores(together))) return
      }
    },
  }
}
