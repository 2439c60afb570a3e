/**
 * The two encodings of OTLP. A request is answered in its own; what is wrong with one before its
 * encoding is known is said in JSON.
 */
import type { Rejection } from '../domain/rejection.ts'
import type { Decoding } from '../otlp/decoding.ts'
import {
  type OtlpSignal,
  partialSuccessJson,
  partialSuccessProto,
} from '../otlp/partial-success.ts'
import { type Status, statusJson, statusProto } from '../otlp/status.ts'

/** A signal's decoders. */
export interface Decoders<T> {
  readonly fromJson: (bytes: Buffer) => Decoding<T>
  readonly fromProtobuf: (bytes: Buffer) => Decoding<T>
}

export interface Encoding {
  readonly name: 'json' | 'protobuf'
  readonly contentType: string
  decode<T>(bytes: Buffer, decoders: Decoders<T>): Decoding<T>
  success(signal: OtlpSignal, rejected: readonly Rejection[]): string | Buffer
  status(status: Status): string | Buffer
}

export const jsonEncoding: Encoding = {
  name: 'json',
  contentType: 'application/json',
  decode: (bytes, { fromJson }) => fromJson(bytes),
  success: partialSuccessJson,
  status: statusJson,
}

export const protobufEncoding: Encoding = {
  name: 'protobuf',
  contentType: 'application/x-protobuf',
  decode: (bytes, { fromProtobuf }) => fromProtobuf(bytes),
  success: (_signal, rejected) => partialSuccessProto(rejected),
  status: statusProto,
}

/** The encoding a Content-Type names; parameters such as a charset do not matter. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const mediaType = contentType?.replace(/;.*$/s, '').trim().toLowerCase()
  if (mediaType === protobufEncoding.contentType) return protobufEncoding
  return mediaType === jsonEncoding.contentType ? jsonEncoding : undefined
}
