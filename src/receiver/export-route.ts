/**
 * `POST /v1/<signal>` over HTTP: reads a body within the bounds, has it taken, and answers.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../domain/clock.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, type Result } from '../domain/result.ts'
import type { Answers } from './answers.ts'
import { decompressed } from './content-encoding.ts'
import { type Encoding, encodingOf } from './encoding.ts'
import type { Export, Refusal } from './export.ts'
import { overloaded, unsupportedType } from './failures.ts'
import type { InFlight, Ticket } from './in-flight.ts'
import { declaredBytes, readBody } from './read-body.ts'

export interface ExportRouteDeps {
  readonly answers: Answers
  readonly clock: Clock
  readonly inFlight: InFlight
  readonly maxRequestBytes: number
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** The handler of one signal. */
export function exportHandler(signal: Export, deps: ExportRouteDeps): Handler {
  const { answers, clock, inFlight, maxRequestBytes } = deps

  const take = async (
    { raw, headers }: FastifyRequest,
    encoding: Encoding,
    ticket: Ticket,
  ): Promise<Result<readonly Rejection[], Refusal>> => {
    const arrivedMs = clock.now()
    const body = await readBody(raw, maxRequestBytes, ticket)
    if (!body.ok) return err({ failure: body.error })
    const contentEncoding = headers['content-encoding']
    const bytes = await decompressed(body.value, contentEncoding, maxRequestBytes, ticket)
    if (!bytes.ok) return err({ failure: bytes.error })
    return signal.take(bytes.value, encoding, arrivedMs)
  }

  return async (request, reply) => {
    const contentType = request.headers['content-type']
    const encoding = encodingOf(contentType)
    if (encoding === undefined) return answers.fail(request, reply, unsupportedType(contentType))
    const expectedBytes = Math.min(declaredBytes(request.raw), maxRequestBytes)
    const ticket = inFlight.admit(expectedBytes)
    if (ticket === undefined) return answers.fail(request, reply, overloaded)
    const taken = await take(request, encoding, ticket).finally(ticket.release)
    if (taken.ok) return answers.succeed(reply, encoding, signal.rejectedField, taken.value)
    return answers.fail(request, reply, taken.error.failure, taken.error.cause)
  }
}
