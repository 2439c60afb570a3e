/**
 * What an HTTP outcome means for the data that was sent, for exporters that send over HTTP. A 2xx
 * counts only once its body has been read, because servers report rejections inside it. When in
 * doubt the data is kept.
 */
import type { Result } from '../domain/result.ts'
import type { Received } from '../http/exchange.ts'
import { errorDetail, excerpt, parseObject } from '../http/response-json.ts'
import { retryAfterMs } from '../http/retry-after.ts'
import type { Exporter, Failure, Verdict } from './exporter.ts'

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

/** What one kind of server means by its answers. */
export interface HttpDialect {
  /** Completes "not …, check …" where something else answers. */
  readonly server: string
  /** The setting that says where it is. */
  readonly setting: string
  /** Statuses that are held against the data. */
  readonly rejecting: ReadonlySet<number>
  /** Those of them that may be the server's fault all the same. */
  readonly doubtful?: ReadonlySet<number>
  /** A whole body of a 2xx as far as it matters; `undefined` when it is none of this server's. */
  readonly parse?: (body: string) => Readonly<Record<string, unknown>> | undefined
  /** What it says: `undefined` when all was accepted. */
  readonly reported: (
    status: number,
    body: Readonly<Record<string, unknown>>,
  ) => Verdict | undefined
}

/** How the answers of a server that speaks this dialect are read. */
export function createHttpVerdicts(dialect: HttpDialect) {
  const { server, setting, rejecting, doubtful, parse = parseObject, reported } = dialect

  /** `nowMs` is the moment of the answer, for a Retry-After given as a date. */
  function verdictOf(outcome: HttpOutcome, nowMs: number): Verdict {
    if (outcome.kind === 'no_answer') return absent(outcome.error)
    const { status, body } = outcome
    if (status >= 200 && status < 300) return acceptedVerdict(status, body)
    return statusVerdict(outcome, nowMs)
  }

  /** Verdict on an empty request: who rejects even that is another program, or speaks another version. */
  function probeVerdictOf(
    outcome: HttpOutcome,
    nowMs: number,
  ): Awaited<ReturnType<Exporter['probe']>> {
    const verdict = verdictOf(outcome, nowMs)
    if (verdict.kind !== 'rejected' && verdict.kind !== 'partial') return verdict
    return absent(`rejects even an empty export; is ${setting} right? ${verdict.reason}`)
  }

  function statusVerdict(answer: HttpAnswer, nowMs: number): Verdict {
    const { status, body = '' } = answer
    const detail = errorDetail(body)
    const reason = `HTTP ${status}${detail && `: ${detail}`}`
    const wait = retryAfterMs(answer.retryAfter, nowMs)
    if (rejecting.has(status)) {
      const isDoubtful = doubtful?.has(status) === true
      return { kind: 'rejected', reason, ...(isDoubtful && { isDoubtful }) }
    }
    if (status === 401 || status === 403) return { kind: 'unauthorized', reason }
    if (status === 429) return { kind: 'retry', cause: 'throttled', reason, retryAfterMs: wait }
    if (isPassing(status)) return { kind: 'retry', cause: 'failing', reason, retryAfterMs: wait }
    return absent(`${reason}${redirection(answer)}; not ${server}, check ${setting}`)
  }

  function acceptedVerdict(status: number, body: string | undefined): Verdict {
    if (body === undefined) return lost(`HTTP ${status}, but its body did not arrive whole`)
    if (body.trim() === '') return { kind: 'accepted' }
    const parsed = parse(body)
    if (parsed === undefined) {
      return lost(`HTTP ${status}, but its body is not an answer of ${server}: ${excerpt(body)}`)
    }
    return reported(status, parsed) ?? { kind: 'accepted' }
  }

  return { verdictOf, probeVerdictOf }
}

/** A failure of the server's, or of the moment, and not of what was sent. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

/** Perhaps stored, perhaps not. Sending again is harmless: ids and start times stay the same. */
export function lost(reason: string): Failure {
  return { kind: 'retry', cause: 'failing', reason }
}

function absent(reason: string): Failure {
  return { kind: 'retry', cause: 'absent', reason }
}

/** A redirect is not followed: it would carry the keys and the data to another host. */
function redirection({ location }: HttpAnswer): string {
  return location === undefined ? '' : ` redirects to ${excerpt(location)}`
}
