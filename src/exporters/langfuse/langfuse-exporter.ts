/** Langfuse: observations as OTLP spans, scores by REST. */
import type { OutgoingItem } from '../../domain/outbox.ts'
import type { EncodedItem, Exporter, Lane, Verdict } from '../exporter.ts'
import type { HttpOutcome } from '../http-verdict.ts'
import type { LangfuseClient } from './client.ts'
import type { MappingConfig } from './mapping.ts'
import { scoreBody } from './score.ts'
import { exportRequestJson, spanOf } from './span.ts'
import { probeVerdictOf, verdictOf } from './verdict.ts'

export interface LangfuseExporterDeps {
  readonly client: LangfuseClient
  readonly address: string
  /** Another project may be asked at once. */
  readonly publicKey: string
  readonly mapping: MappingConfig
  /** Epoch ms, for a Retry-After given as a date. */
  readonly now: () => number
}

/** Langfuse's FAQ says 5 MB a request. */
const MAX_BODY_BYTES = 4_000_000
const MAX_SPANS = 200
const MAX_CONCURRENT_SCORES = 16

export function createLangfuseExporter(deps: LangfuseExporterDeps): Exporter {
  const { client, address, publicKey, mapping, now } = deps

  function judged(outcome: HttpOutcome, stop: AbortSignal): Verdict {
    if (outcome.kind === 'no_answer' && stop.aborted) return { kind: 'stopped' }
    return verdictOf(outcome, now())
  }

  const spans: Lane = {
    kind: 'observation',
    maxItems: MAX_SPANS,
    maxBytes: MAX_BODY_BYTES,
    maxConcurrent: 1,
    encode: (emission) => {
      if (emission.kind !== 'observation') throw notMine(emission)
      return encoded(JSON.stringify(spanOf(emission, mapping)))
    },
    send: async (batch, stop) => {
      const jsons = batch.map(({ body }) => String(body))
      const request = exportRequestJson(jsons, mapping.productVersion)
      return judged(await client.sendSpans(request, stop), stop)
    },
  }

  // `POST /scores` takes one (4.16). Its ids make sending again harmless.
  const scores: Lane = {
    kind: 'score',
    maxItems: 1,
    maxBytes: MAX_BODY_BYTES,
    maxConcurrent: MAX_CONCURRENT_SCORES,
    encode: (emission) => {
      if (emission.kind !== 'score') throw notMine(emission)
      return encoded(JSON.stringify(scoreBody(emission, mapping)))
    },
    send: async ([score], stop) => {
      if (score === undefined) return { kind: 'accepted' }
      return judged(await client.sendScore(String(score.body), stop), stop)
    },
  }

  return {
    name: 'langfuse',
    label: 'Langfuse',
    address,
    account: `${address} ${publicKey}`,
    lanes: [spans, scores],
    probe: async (stop) => {
      const outcome = await client.probe(stop)
      if (outcome.kind === 'no_answer' && stop.aborted) return { kind: 'stopped' }
      return probeVerdictOf(outcome, now())
    },
  }
}

function encoded(body: string): EncodedItem {
  return { body, bytes: Buffer.byteLength(body) }
}

function notMine({ kind }: OutgoingItem): Error {
  return new Error(`a ${kind} is in the wrong lane`)
}
