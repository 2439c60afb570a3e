/**
 * What an HTTP outcome means for the data that was sent: one table, for spans and scores alike.
 * A 2xx counts only once its body has been read, because Langfuse reports refusals inside it.
 * When in doubt the data is kept: only 400, 413 and 422 are held against it.
 */
import type { Result } from '../../domain/result.ts'
import { errorDetail, excerpt, isRecord, parseObject } from '../../http/response-json.ts'
import type { Received } from '../../http/exchange.ts'
import { retryAfterMs } from '../../http/retry-after.ts'

/** An answer as far as it arrived. */
export interface HttpAnswer {
  readonly kind: 'answer'
  readonly status: number
  /** `undefined` when the connection broke, or the time was up, before the body was whole. */
  readonly body: string | undefined
  readonly retryAfter?: string | undefined
  readonly location?: string | undefined
}

export interface NoAnswer {
  readonly kind: 'no_answer'
  readonly error: string
}

export type HttpOutcome = HttpAnswer | NoAnswer

/** What came of an exchange, as far as it is judged here. */
export function outcomeOf(received: Result<Received, string>): HttpOutcome {
  if (!received.ok) return { kind: 'no_answer', error: received.error }
  const { status, headers, body } = received.value
  return {
    kind: 'answer',
    status,
    body,
    retryAfter: headers.get('retry-after') ?? undefined,
    location: headers.get('location') ?? undefined,
  }
}

/**
 * Why a try failed that is worth repeating: `throttled`, Langfuse asks for patience; `failing`,
 * it is there but could not do it, or its answer was lost; `absent`, nothing answered, or
 * something that is not Langfuse.
 */
export type RetryCause = 'throttled' | 'failing' | 'absent'

/** The whole destination is held; the data stays as it is. */
export type Failure =
  | {
      readonly kind: 'retry'
      readonly cause: RetryCause
      readonly reason: string
      /** What the server asked for; delivery may wait longer. */
      readonly retryAfterMs?: number | undefined
    }
  | { readonly kind: 'unauthorized'; readonly reason: string }

export type Verdict =
  | { readonly kind: 'delivered' }
  /** This batch, as it is, will never be accepted: at least one item in it is at fault. */
  | { readonly kind: 'refused'; readonly reason: string }
  | Failure

/** `nowMs` is the moment of the answer, for a Retry-After given as a date. */
export function verdictOf(outcome: HttpOutcome, nowMs: number): Verdict {
  if (outcome.kind === 'no_answer') return absent(outcome.error)
  const { status, body } = outcome
  if (status >= 200 && status < 300) return acceptedVerdict(status, body)
  return statusVerdict(outcome, nowMs)
}

/** Verdict on an empty export: who refuses even that is not Langfuse, or speaks another version. */
export function probeVerdictOf(
  outcome: HttpOutcome,
  nowMs: number,
): Exclude<Verdict, { kind: 'refused' }> {
  const verdict = verdictOf(outcome, nowMs)
  if (verdict.kind !== 'refused') return verdict
  return absent(`refuses even an empty export, is LANGFUSE_HOST right? ${verdict.reason}`)
}

function statusVerdict(answer: HttpAnswer, nowMs: number): Verdict {
  const { status, body = '' } = answer
  const detail = errorDetail(body)
  const reason = `HTTP ${status}${detail && `: ${detail}`}`
  const wait = retryAfterMs(answer.retryAfter, nowMs)
  switch (status) {
    case 400:
    case 413:
    case 422:
      return { kind: 'refused', reason }
    case 401:
    case 403:
      return { kind: 'unauthorized', reason }
    case 429:
      return { kind: 'retry', cause: 'throttled', reason, retryAfterMs: wait }
    default:
      if (isPassing(status)) return { kind: 'retry', cause: 'failing', reason, retryAfterMs: wait }
      return absent(`${reason}${redirection(answer)}; not a Langfuse server, check LANGFUSE_HOST`)
  }
}

/** A failure of the server's, or of the moment, and not of what was sent. */
function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

/** A redirect is not followed: it would carry the keys and the data to another host. */
function redirection({ location }: HttpAnswer): string {
  return location === undefined ? '' : ` redirects to ${excerpt(location)}`
}

function acceptedVerdict(status: number, body: string | undefined): Verdict {
  if (body === undefined) return lost(`HTTP ${status}, but its body did not arrive whole`)
  if (body.trim() === '') return { kind: 'delivered' }
  const parsed = parseObject(body)
  if (parsed === undefined) {
    return lost(`HTTP ${status}, but its body is no JSON object: ${excerpt(body)}`)
  }
  return reportedVerdict(status, parsed)
}

/** Refusals inside a 2xx: OTLP's `partialSuccess`, and the `errors` of Langfuse's 207. */
function reportedVerdict(status: number, body: Readonly<Record<string, unknown>>): Verdict {
  const error: unknown = Array.isArray(body.errors) ? body.errors[0] : undefined
  if (isRecord(error)) {
    const reason = `HTTP ${status} with an error inside: ${errorDetail(JSON.stringify(error))}`
    return isPassing(Number(error.status)) ? lost(reason) : { kind: 'refused', reason }
  }
  const partial = body.partialSuccess
  if (isRecord(partial) && Number(partial.rejectedSpans ?? 0) > 0) {
    return { kind: 'refused', reason: `rejected in part: ${excerpt(JSON.stringify(partial))}` }
  }
  return { kind: 'delivered' }
}

function absent(reason: string): Failure {
  return { kind: 'retry', cause: 'absent', reason }
}

/** Perhaps stored, perhaps not. Sending again is harmless: ids and start times stay the same. */
function lost(reason: string): Failure {
  return { kind: 'retry', cause: 'failing', reason }
}
