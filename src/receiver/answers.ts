/**
 * How every OTLP request ends: counted, logged sparingly, answered in one form. All answers to
 * exporters go through here.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Counters } from '../observability/counters.ts'
import { statusJson } from '../otlp/status.ts'
import { errorTable, type Failure } from './errors.ts'
import type { FailureLog } from './failure-log.ts'

export interface Answers {
  /** 200 with this JSON. */
  succeed(reply: FastifyReply, json: string): FastifyReply
  /** The failure's status with a `google.rpc.Status`. `cause` goes to the log only. */
  fail(
    request: FastifyRequest,
    reply: FastifyReply,
    failure: Failure,
    cause?: unknown,
  ): FastifyReply
}

export interface AnswersDeps {
  readonly counters: Counters
  readonly failureLog: FailureLog
  /** Once aborted, a connection ends with its answer. */
  readonly stopping: AbortSignal
}

/** Tells Fastify that the text is JSON already, and needs no charset: JSON has but one. */
const asIs = (json: unknown): string => json as string

/** The answers of one receiver. */
export function createAnswers(deps: AnswersDeps): Answers {
  const { counters, failureLog, stopping } = deps

  // Text, not bytes: Node writes it together with the headers, in half the time.
  const send = (reply: FastifyReply, status: number, json: string): FastifyReply => {
    if (stopping.aborted) reply.header('connection', 'close')
    return reply.code(status).header('content-type', 'application/json').serializer(asIs).send(json)
  }

  return {
    succeed: (reply, json) => {
      counters.countSuccess()
      return send(reply, 200, json)
    },
    fail: (request, reply, failure, cause) => {
      const { httpStatus, rpcCode } = errorTable[failure.kind]
      const facts = { method: request.method, path: request.url.slice(0, 200), httpStatus }
      counters.countError(httpStatus)
      failureLog.failed(
        failure.kind,
        cause === undefined ? facts : { ...facts, err: cause },
        `refused a request: ${failure.message}`,
      )
      if (failure.allow !== undefined) reply.header('allow', failure.allow)
      if (httpStatus === 401) reply.header('www-authenticate', 'Bearer')
      return send(reply, httpStatus, statusJson(rpcCode, failure.message))
    },
  }
}
