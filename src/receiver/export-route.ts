/**
 * `POST /v1/<signal>`: body to records to the store, and only then the answer. The same for
 * every signal.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../domain/clock.ts'
import type { Intake, Rejection } from '../domain/rejection.ts'
import type { Result } from '../domain/result.ts'
import type { Counters } from '../observability/counters.ts'
import type { DecodeFailure } from '../otlp/decode-failure.ts'
import { partialSuccessJson, type RejectedField, summaryOf } from '../otlp/partial-success.ts'
import type { Answers } from './answers.ts'
import type { Failure } from './errors.ts'
import type { FailureLog } from './failure-log.ts'
import { readRequest } from './request-body.ts'

/**
 * Takes decoded records and resolves once they are durable, with those it refused after all.
 * Rejects when they could not be stored; then nothing was.
 */
export type Ingest<T> = (records: readonly T[], arrivedMs: number) => Promise<readonly Rejection[]>

export interface ExportSignal<T> {
  readonly rejectedField: RejectedField
  readonly decode: (body: unknown) => Result<Intake<T>, DecodeFailure>
  readonly ingest: Ingest<T>
}

export interface ExportDeps {
  readonly answers: Answers
  readonly counters: Counters
  readonly failureLog: FailureLog
  readonly clock: Clock
  readonly maxRequestBytes: number
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

const notStored: Failure = {
  kind: 'not_stored',
  message: 'the records could not be stored, nothing was kept; try again',
}

/** The handler of one signal. */
export function exportHandler<T>(signal: ExportSignal<T>, deps: ExportDeps): Handler {
  const { answers, counters, failureLog, clock, maxRequestBytes } = deps
  return async (request, reply) => {
    const arrivedMs = clock.now()
    const intake = await readRequest(request, signal.decode, maxRequestBytes)
    if (!intake.ok) return answers.fail(request, reply, intake.error)

    const { accepted } = intake.value
    let further: readonly Rejection[] = []
    if (accepted.length > 0) {
      try {
        further = await signal.ingest(accepted, arrivedMs)
      } catch (error) {
        return answers.fail(request, reply, notStored, error)
      }
    }
    counters.countAccepted(accepted.length - further.length)
    const rejected = intake.value.rejected.concat(further)
    if (rejected.length > 0) {
      counters.countRejected(rejected)
      failureLog.partlyRefused({ path: request.url, count: rejected.length }, summaryOf(rejected))
    }
    return answers.succeed(reply, partialSuccessJson(signal.rejectedField, rejected))
  }
}
