/**
 * `POST /v1/<signal>` over HTTP: reads a body within the bounds, has it taken, and answers.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../domain/clock.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, type Result } from '../domain/result.ts'
import type { IngestLog } from '../observability/ingest-log.ts'
import type { Answers } from './answers.ts'
import { decompressed } from './content-encoding.ts'
import { type Encoding, encodingOf } from './encoding.ts'
import type { Failure } from './errors.ts'
import type { Export, Refusal } from './export.ts'
import { overloaded, unsupportedType } from './failures.ts'
import type { InFlight, Ticket } from './in-flight.ts'
import { noteIngest } from './ingest-note.ts'
import { declaredBytes, readBody } from './read-body.ts'

export interface ExportRouteDeps {
  readonly answers: Answers
  readonly clock: Clock
  readonly inFlight: InFlight
  readonly maxRequestBytes: number
  readonly ingestLog?: IngestLog | undefined
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** The handler of one signal. */
export function exportHandler(signal: Export, deps: ExportRouteDeps): Handler {
  const { answers, clock, inFlight, maxRequestBytes } = deps

  const take = async (
    { raw, headers }: FastifyRequest,
    encoding: Encoding,
    ticket: Ticket,
    arrivedMs: number,
    onRead: (bytes: number) => void,
  ): Promise<Result<readonly Rejection[], Refusal>> => {
    const body = await readBody(raw, maxRequestBytes, ticket)
    if (!body.ok) return err({ failure: body.error })
    onRead(body.value.length)
    const contentEncoding = headers['content-encoding']
    const bytes = await decompressed(body.value, contentEncoding, maxRequestBytes, ticket)
    if (!bytes.ok) return err({ failure: bytes.error })
    return signal.take(bytes.value, encoding, arrivedMs)
  }

  return async (request, reply) => {
    const timeMs = clock.now()
    let bytes = declaredBytes(request.raw)
    const note = (outcome: Result<readonly Rejection[], Failure>): void => {
      noteIngest(deps.ingestLog, { timeMs, door: 'http', signal: signal.name, bytes, outcome })
    }
    const fail = (failure: Failure, cause?: unknown): FastifyReply => {
      note(err(failure))
      return answers.fail(request, reply, failure, cause)
    }
    const contentType = request.headers['content-type']
    const encoding = encodingOf(contentType)
    if (encoding === undefined) return fail(unsupportedType(contentType))
    const ticket = inFlight.admit(Math.min(bytes, maxRequestBytes))
    if (ticket === undefined) return fail(overloaded)
    const onRead = (read: number): void => {
      bytes = read
    }
    const taken = await take(request, encoding, ticket, timeMs, onRead).finally(ticket.release)
    if (!taken.ok) return fail(taken.error.failure, taken.error.cause)
    note(taken)
    return answers.succeed(reply, encoding, signal.rejectedField, taken.value)
  }
}
