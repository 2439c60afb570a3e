/**
 * How every request of an agent over HTTP ends: counted, logged sparingly, answered in its own encoding.
 * All answers to exporters go through here.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Rejection } from '../../domain/rejection.ts'
import type { HookAnswer } from '../../domain/telemetry-record.ts'
import type { Counters } from '../../observability/counters.ts'
import type { OtlpSignal } from '../../otlp/partial-success.ts'
import type { Status } from '../../otlp/status.ts'
import { type Encoding, encodingOf, jsonEncoding } from '../encoding.ts'
import { errorTable, type Failure } from '../errors.ts'
import type { FailureLog } from '../refusal-log.ts'

export interface Answers {
  /** 200 to an export, with what was refused. */
  succeed(
    reply: FastifyReply,
    encoding: Encoding,
    signal: OtlpSignal,
    rejected: readonly Rejection[],
  ): FastifyReply
  /** 200 to a hook: an empty object, the default, lets the agent go on. */
  answerHook(reply: FastifyReply, answer?: HookAnswer): FastifyReply
  /** 200 to a status line. */
  answerStatusLine(reply: FastifyReply, json: Uint8Array): FastifyReply
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

  // JSON goes as text, not bytes: Node writes it together with the headers, in half the time.
  const send = (
    reply: FastifyReply,
    httpStatus: number,
    { contentType }: Encoding,
    body: string | Buffer,
  ): FastifyReply => {
    if (stopping.aborted) reply.header('connection', 'close')
    return reply.code(httpStatus).header('content-type', contentType).serializer(asIs).send(body)
  }

  return {
    succeed: (reply, encoding, signal, rejected) => {
      counters.countSuccess()
      return send(reply, 200, encoding, encoding.success(signal, rejected))
    },
    answerHook: (reply, answer = {}) => {
      counters.countSuccess()
      return send(reply, 200, jsonEncoding, JSON.stringify(answer))
    },
    answerStatusLine: (reply, json) => {
      counters.countSuccess()
      return send(reply, 200, jsonEncoding, Buffer.from(json))
    },
    fail: (request, reply, failure, cause) => {
      const { httpStatus } = errorTable[failure.kind]
      const facts = { method: request.method, path: request.url.slice(0, 200), httpStatus }
      counters.countError(httpStatus)
      failureLog.failed(
        failure.kind,
        cause === undefined ? facts : { ...facts, err: cause },
        `refused a request: ${failure.message}`,
      )
      if (failure.allow !== undefined) reply.header('allow', failure.allow)
      if (failure.closesConnection === true) reply.header('connection', 'close')
      if (failure.retryAfterS !== undefined) reply.header('retry-after', failure.retryAfterS)
      if (httpStatus === 401) reply.header('www-authenticate', 'Bearer')
      const encoding = encodingOf(request.headers['content-type']) ?? jsonEncoding
      return send(reply, httpStatus, encoding, encoding.status(statusOf(failure)))
    },
  }
}

/** The body of an error. */
export function statusOf({ kind, message, retryAfterS }: Failure): Status {
  const { rpcCode } = errorTable[kind]
  if (retryAfterS !== undefined) {
    return { code: rpcCode, message, detail: { kind: 'retry_info', delayS: retryAfterS } }
  }
  if (kind !== 'malformed') return { code: rpcCode, message }
  return { code: rpcCode, message, detail: { kind: 'bad_request', description: message } }
}
