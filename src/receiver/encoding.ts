/**
 * The two encodings of OTLP. A request is answered in its own; what is wrong with one before its
 * encoding is known is said in JSON.
 */
import type { Intake, Rejection } from '../domain/rejection.ts'
import { err, type Result } from '../domain/result.ts'
import type { DecodeFailure } from '../otlp/decode-failure.ts'
import {
  partialSuccessJson,
  partialSuccessProto,
  type RejectedField,
} from '../otlp/partial-success.ts'
import { type Status, statusJson, statusProto } from '../otlp/status.ts'
import type { Failure } from './errors.ts'
import { decodeJson } from './json-body.ts'

/** A signal's decoders. */
export interface Decoders<T> {
  readonly fromJson: (body: unknown) => Result<Intake<T>, DecodeFailure>
  readonly fromProtobuf: (bytes: Uint8Array) => Result<Intake<T>, DecodeFailure>
}

export interface Encoding {
  readonly contentType: string
  decode<T>(bytes: Buffer, decoders: Decoders<T>): Result<Intake<T>, Failure>
  success(field: RejectedField, rejected: readonly Rejection[]): string | Buffer
  status(status: Status): string | Buffer
}

export const jsonEncoding: Encoding = {
  contentType: 'application/json',
  decode: (bytes, { fromJson }) => decodeJson(bytes, fromJson),
  success: partialSuccessJson,
  status: statusJson,
}

export const protobufEncoding: Encoding = {
  contentType: 'application/x-protobuf',
  decode: (bytes, { fromProtobuf }) => {
    const decoded = fromProtobuf(bytes)
    return decoded.ok ? decoded : err({ kind: 'malformed', message: decoded.error.message })
  },
  success: (_field, rejected) => partialSuccessProto(rejected),
  status: statusProto,
}

/** The encoding a Content-Type names; parameters such as a charset do not matter. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const mediaType = contentType?.replace(/;.*$/s, '').trim().toLowerCase()
  if (mediaType === protobufEncoding.contentType) return protobufEncoding
  return mediaType === jsonEncoding.contentType ? jsonEncoding : undefined
}
