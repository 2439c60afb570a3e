/** Requests decoded to their end, whatever parts they come in. */
import type { Intake, Rejection } from '../../../src/domain/rejection.ts'
import { err, ok, type Result } from '../../../src/domain/result.ts'
import type { DecodeFailure, Decoding, Part } from '../../../src/otlp/decoding.ts'
import type { Signal } from '../../../src/otlp/json-envelope.ts'
import { jsonLogs } from '../../../src/otlp/json-logs.ts'
import { jsonMetrics } from '../../../src/otlp/json-metrics.ts'
import { decodeJson } from '../../../src/otlp/json-request.ts'
import { jsonTraces } from '../../../src/otlp/json-traces.ts'
import { decodeProto, type WireSignal } from '../../../src/otlp/proto-envelope.ts'
import { wireLogs } from '../../../src/otlp/proto-logs.ts'
import { wireMetrics } from '../../../src/otlp/proto-metrics.ts'
import { wireTraces } from '../../../src/otlp/proto-traces.ts'

type Decoded<T> = Result<Intake<T>, DecodeFailure>

/** The parts up to the last, as whoever stores them asks for them. */
export function partsOf<T>(decoding: Decoding<T>): Result<readonly Part<T>[], DecodeFailure> {
  const parts: Part<T>[] = []
  while (parts.at(-1)?.isLast !== true) {
    const step = decoding.next()
    if (step.done === true) return err(step.value)
    if (step.value !== undefined) parts.push(step.value)
  }
  return ok(parts)
}

export function whole<T>(decoding: Decoding<T>): Decoded<T> {
  const parts = partsOf(decoding)
  if (!parts.ok) return parts
  const accepted: T[] = []
  const rejected: Rejection[] = []
  for (const part of parts.value) {
    for (const record of part.accepted) accepted.push(record)
    for (const rejection of part.rejected) rejected.push(rejection)
  }
  return ok({ accepted, rejected })
}

const fromJson =
  <T>(signal: Signal<T>) =>
  (body: unknown): Decoded<T> =>
    whole(decodeJson(Buffer.from(JSON.stringify(body)), signal))
const fromProtobuf =
  <T>(signal: WireSignal<T>) =>
  (bytes: Uint8Array): Decoded<T> =>
    whole(decodeProto(bytes, signal))

export const decodeLogs = fromJson(jsonLogs)
export const decodeMetrics = fromJson(jsonMetrics)
export const decodeTraces = fromJson(jsonTraces)
export const decodeWireLogs = fromProtobuf(wireLogs)
export const decodeWireMetrics = fromProtobuf(wireMetrics)
export const decodeWireTraces = fromProtobuf(wireTraces)
