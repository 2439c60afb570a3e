/**
 * How the readers of one record say what is wrong with it: they return `undefined` and leave
 * the reason here. One fault serves a whole request, so the good path allocates nothing.
 */
import { beginningOf } from '../domain/beginning.ts'
import type { Intake } from '../domain/rejection.ts'
import type { UnusedMetric } from '../domain/telemetry-record.ts'

/** Where a reader leaves the reason. Only meaningful right after it returned `undefined`. */
export interface Fault {
  text: string
}

const MAX_QUOTED_CHARS = 60

/** Leaves the reason and returns the `undefined` that a reader of `T` hands on. */
export function refuse<T>(fault: Fault, text: string): T | undefined {
  fault.text = text
  return undefined
}

/** Names a JSON value by its type, for sentences such as `attributes is a string`. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Shows a text or number, cut to a length fit for a message; other values by their type. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shortened(value))
  return typeof value === 'number' ? String(value) : typeName(value)
}

/** Cuts a text from outside to a length fit for a message. */
export function shortened(text: string): string {
  return beginningOf(text, MAX_QUOTED_CHARS)
}

/** True for JSON objects: neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// A request while it is decoded, and the bounds on it. Large requests come in parts, so that no
// more than a part of them is ever on the heap as records, and others have a turn in between.

/** Records looked at in one request; far above what an exporter batches. */
export const MAX_RECORDS = 250_000
/** Of one record. What agents send of their own accord is cut at some 60 KB a text. */
export const MAX_RECORD_BYTES = 8 * 1024 * 1024
/**
 * Of a resource, a scope, the name of a metric. What many records share is read, and hashed, with
 * each of them: a large one would make a small request cost hours.
 */
export const MAX_SHARED_BYTES = 64 * 1024
/** Records in one part, about: they are decoded, and stored, in one go. */
export const MAX_PART_RECORDS = 1000
/** Heap that one part takes, about. */
export const MAX_PART_BYTES = 4 * 1024 * 1024
/** Bytes that are walked between two pauses. */
export const BYTES_PER_STEP = 256 * 1024

/** Why a whole request could not be read; the client gets an error and nothing was kept. */
export interface DecodeFailure {
  /** What was wrong, for a person. */
  readonly message: string
}

/** Records of a request, in its order. */
export interface Part<T> extends Intake<T> {
  /** What they take of the heap, about. */
  readonly heapBytes: number
  /** Metrics of it that are read, and not used. */
  readonly unused?: readonly UnusedMetric[]
  /** Texts of it in which bytes were replaced that are not valid UTF-8. */
  readonly replacedTexts?: number
  /** Nothing comes after it. Every request that can be read has such a part. */
  readonly isLast: boolean
}

/**
 * Yields parts, and `undefined` where others may have a turn; nothing is to be asked for after the
 * last part. Returns why the request cannot be read; then it has yielded no part.
 */
export type Decoding<T> = Generator<Part<T> | undefined, DecodeFailure, undefined>

/** What a decoding returns when it is asked for more than there is. */
export const ENDED: DecodeFailure = { message: 'the request has ended' }

/** Steps of a decoding that yield no part. */
export type Steps<R> = Generator<undefined, R, undefined>

/** A decoded record, with the event or sample that is made of it, whatever it holds. */
const HEAP_PER_RECORD = 512
/** An attribute or an element. */
const HEAP_PER_VALUE = 64
/** Texts: on the heap a character takes one byte or two. */
const HEAP_PER_WIRE_BYTE = 2

/** An estimate of what records take of the heap, from what they took on the wire. */
export function heapBytesOf(records: number, values: number, wireBytes: number): number {
  return records * HEAP_PER_RECORD + values * HEAP_PER_VALUE + wireBytes * HEAP_PER_WIRE_BYTE
}

/** Refuses what many records share when it is too large; `name` begins the reason. */
export function checkShared<T>(name: string, value: T, bytes: number, fault: Fault): T | undefined {
  if (bytes <= MAX_SHARED_BYTES) return value
  return refuse(fault, `${name} is larger than ${MAX_SHARED_BYTES} bytes`)
}
