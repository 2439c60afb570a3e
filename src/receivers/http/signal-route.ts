/**
 * `POST /v1/<signal>` and `POST /hooks/<agent>`: reads a body within the bounds, has it taken, and
 * answers.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../domain/clock.ts'
import type { OtlpSignal } from '../../otlp/partial-success.ts'
import { err, type Result } from '../../domain/result.ts'
import type { Counters } from '../../observability/counters.ts'
import type { IngestLog } from '../../observability/ingest-log.ts'
import type { Instruments } from '../../observability/metrics.ts'
import type { Admission, Permit } from '../admission.ts'
import type { Answers } from './answers.ts'
import { inflated, readBody } from './body.ts'
import { compressionOf } from './content-encoding.ts'
import { type Encoding, encodingOf } from '../encoding.ts'
import { type Failure, overloaded, tooLarge, unsupportedType } from '../errors.ts'
import type { Sender } from '../ingest-access.ts'
import type { Refusal, SignalReceiver, Taken } from '../signal-receiver.ts'
import { MAX_STATUS_BYTES, type StatusLineReceiver } from '../status-line.ts'
import { noteIngest } from '../refusal-log.ts'

export interface SignalRouteDeps {
  readonly answers: Answers
  readonly clock: Clock
  readonly admission: Admission
  readonly maxRequestBytes: number
  readonly counters: Counters
  readonly instruments?: Pick<Instruments, 'request'> | undefined
  readonly ingestLog?: IngestLog | undefined
  /** Whoever the guard let in with this request. */
  readonly senderOf: (request: FastifyRequest) => Sender | undefined
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** The size a request declares; 0 when it declares none. */
export function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0)
}

/** Answers a request whose records are durable, but for those that were refused. */
export type Answer = (reply: FastifyReply, encoding: Encoding, taken: Taken) => FastifyReply

/** An export succeeds, and says what was refused of it. */
export function exportAnswer(signal: OtlpSignal, answers: Answers): Answer {
  return (reply, encoding, { rejected }) => answers.succeed(reply, encoding, signal, rejected)
}

/** A hook succeeds as a whole. */
export function hookAnswer(answers: Answers): Answer {
  return (reply, _, taken) => answers.answerHook(reply, taken.hookAnswer)
}

/** The handler of an agent's status line, which is asked in small, and never waited for long. */
export function statusLineHandler(
  agent: string,
  receive: StatusLineReceiver,
  { answers, admission, senderOf }: SignalRouteDeps,
): Handler {
  const take = async (
    request: FastifyRequest,
    permit: Permit,
  ): Promise<Result<Uint8Array, Failure>> => {
    const { raw } = request
    const limits = { maxBytes: MAX_STATUS_BYTES, declaredBytes: declaredBytes(raw) }
    const body = await readBody(raw, limits, permit, () => raw.socket.destroy())
    if (!body.ok) return body
    const told = await receive(agent, body.value.bytes, senderOf(request) ?? {})
    return told.ok ? told : err({ kind: 'malformed', message: told.error })
  }

  return async (request, reply) => {
    const bytes = declaredBytes(request.raw)
    const fail = (failure: Failure): FastifyReply => answers.fail(request, reply, failure)
    if (bytes > MAX_STATUS_BYTES) return fail(tooLarge(MAX_STATUS_BYTES))
    const permit = admission.admit(bytes)
    if (permit === undefined) return fail(overloaded)
    const taken = await take(request, permit).finally(permit.release)
    return taken.ok ? answers.answerStatusLine(reply, taken.value) : fail(taken.error)
  }
}

/** The handler of one signal. */
export function signalHandler(
  signal: SignalReceiver,
  answer: Answer,
  deps: SignalRouteDeps,
): Handler {
  const { answers, clock, admission, maxRequestBytes } = deps

  const take = async (
    request: FastifyRequest,
    encoding: Encoding,
    permit: Permit,
    onRead: (bytes: number) => void,
  ): Promise<Result<Taken, Refusal>> => {
    const { raw, headers } = request
    const limits = { maxBytes: maxRequestBytes, declaredBytes: declaredBytes(raw) }
    const body = await readBody(raw, limits, permit, () => raw.socket.destroy())
    if (!body.ok) return err({ failure: body.error })
    onRead(body.value.bytes.length)
    if (!permit.complete()) return err({ failure: overloaded })
    const compression = compressionOf(headers['content-encoding']) ?? 'none'
    const plain = await inflated(body.value, compression, maxRequestBytes, permit)
    if (!plain.ok) return err({ failure: plain.error })
    const { bytes, discard } = plain.value
    return signal.take(bytes, encoding, permit, deps.senderOf(request)).finally(discard)
  }

  return async (request, reply) => {
    const timeMs = clock.now()
    let bytes = declaredBytes(request.raw)
    const note = (outcome: Result<Taken, Failure>): void => {
      const userAgent = request.headers['user-agent']
      const facts = { timeMs, door: 'http', signal: signal.name, bytes, userAgent } as const
      noteIngest(deps, { ...facts, outcome })
    }
    const fail = (failure: Failure, cause?: unknown): FastifyReply => {
      note(err(failure))
      return answers.fail(request, reply, failure, cause)
    }
    const contentType = request.headers['content-type']
    const encoding = encodingOf(contentType)
    if (encoding === undefined) return fail(unsupportedType(contentType))
    if (bytes > maxRequestBytes) return fail(tooLarge(maxRequestBytes))
    const permit = admission.admit(bytes)
    if (permit === undefined) return fail(overloaded)
    const onRead = (read: number): void => {
      bytes = read
    }
    const taken = await take(request, encoding, permit, onRead).finally(permit.release)
    if (!taken.ok) return fail(taken.error.failure, taken.error.cause)
    note(taken)
    return answer(reply, encoding, taken.value)
  }
}
