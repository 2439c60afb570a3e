/**
 * Outbox items as what goes over the wire. An item that cannot be encoded fails alone.
 */
import type { OutboxItem } from '../domain/outbox.ts'
import type { MappingConfig } from './langfuse/mapping.ts'
import { type ScoreBody, scoreBody } from './langfuse/score.ts'
import { spanOf } from './langfuse/span.ts'

export interface EncodedSpan {
  readonly id: number
  readonly json: string
  readonly bytes: number
}

export interface EncodedScore {
  readonly id: number
  readonly body: ScoreBody
}

export interface Encoded {
  readonly spans: readonly EncodedSpan[]
  readonly scores: readonly EncodedScore[]
  readonly failures: readonly { readonly id: number; readonly reason: string }[]
}

export function encodeItems(items: readonly OutboxItem[], config: MappingConfig): Encoded {
  const spans: EncodedSpan[] = []
  const scores: EncodedScore[] = []
  const failures: { id: number; reason: string }[] = []
  for (const { id, emission } of items) {
    try {
      if (emission.kind === 'score') {
        scores.push({ id, body: scoreBody(emission, config) })
      } else {
        const json = JSON.stringify(spanOf(emission, config))
        spans.push({ id, json, bytes: Buffer.byteLength(json) })
      }
    } catch (error) {
      failures.push({ id, reason: `cannot be encoded: ${String(error).slice(0, 300)}` })
    }
  }
  return { spans, scores, failures }
}

/** Batches in order, each of at most `maxBytes`; a span beyond that is a batch of its own. */
export function batchesOf(spans: readonly EncodedSpan[], maxBytes: number): EncodedSpan[][] {
  const batches: EncodedSpan[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const span of spans) {
    bytes += span.bytes
    if (bytes > maxBytes) {
      batches.push([])
      bytes = span.bytes
    }
    batches.at(-1)?.push(span)
  }
  return batches
}

/**
 * Groups in order of what may be posted at the same time: at most `maxItems`, and never two of one
 * score, of which the later one has to arrive last.
 */
export function scoreGroupsOf(
  scores: readonly EncodedScore[],
  maxItems: number,
): (readonly EncodedScore[])[] {
  const groups: EncodedScore[][] = []
  for (const score of scores) {
    const group = groups.at(-1)
    const fits =
      group !== undefined &&
      group.length < maxItems &&
      !group.some(({ body }) => body.id === score.body.id)
    if (fits) group.push(score)
    else groups.push([score])
  }
  return groups
}
