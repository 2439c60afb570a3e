/**
 * The bytes of one request, bounded while they come: by the size one request may have, and by what
 * all requests together may hold. The same over both servers.
 */
import type { Readable } from 'node:stream'
import { createGunzip, createInflate } from 'node:zlib'
import { err, ok, type Result } from '../domain/result.ts'
import type { Permit } from './admission.ts'
import type { Failure } from './errors.ts'
import { evicted, overloaded, tooLarge } from './failures.ts'

/** The compressions that can be undone. */
export type Compression = 'gzip' | 'deflate' | 'none'

export interface BodyLimits {
  readonly maxBytes: number
  /** What the client says the body has; 0 when it does not say. */
  readonly declaredBytes: number
}

/** A chunk costs some microseconds, however small it is. */
const MAX_SMALL_CHUNKS = 4096
const SMALL_CHUNK_BYTES = 64
/** Smaller buffers are left to the garbage collector. */
const MIN_DISCARDED_BYTES = 1024 * 1024

const leftEarly: Failure = { kind: 'malformed', message: 'the request ended before its body did' }

const crumbled: Failure = {
  kind: 'malformed',
  message: `the body came in more than ${MAX_SMALL_CHUNKS} pieces of less than ${SMALL_CHUNK_BYTES} bytes`,
}

/**
 * Reads a body to its end; the permit is charged for it. After a failure the rest is drained, so
 * that the answer gets through; `hangUp` ends a connection that is not worth that.
 */
export function readBody(
  source: Readable,
  limits: BodyLimits,
  permit: Permit,
  hangUp: () => void,
): Promise<Result<Buffer, Failure>> {
  return new Promise((resolve) => {
    const body = createGrowingBuffer(limits, permit)
    let smallChunks = 0
    let isSettled = false

    const settle = (result: Result<Buffer, Failure>): void => {
      if (isSettled) return
      isSettled = true
      source.off('data', onData)
      if (!result.ok) {
        body.discard()
        source.resume()
      }
      resolve(result)
    }
    const onData = (chunk: Buffer): void => {
      permit.sent(chunk.length)
      if (chunk.length < SMALL_CHUNK_BYTES) smallChunks += 1
      const isCrumbled = smallChunks > MAX_SMALL_CHUNKS
      const failure = isCrumbled ? crumbled : body.append(chunk)
      if (failure !== undefined) settle(err(failure))
      if (isCrumbled) hangUp()
    }

    permit.onEvicted(() => settle(err(evicted)))
    source.on('data', onData)
    source.on('end', () => settle(ok(body.bytes())))
    source.on('error', () => settle(err(leftEarly)))
    source.on('close', () => settle(err(leftEarly)))
  })
}

/**
 * A body without its compression, for which the permit is charged instead. What a bomb unpacks to
 * is not held in memory.
 */
export function inflated(
  body: Buffer,
  compression: Compression,
  maxBytes: number,
  permit: Permit,
): Promise<Result<Buffer, Failure>> {
  if (compression === 'none') return Promise.resolve(ok(body))
  return new Promise((resolve) => {
    const inflater = compression === 'gzip' ? createGunzip() : createInflate()
    const plain = createGrowingBuffer({ maxBytes, declaredBytes: 0 }, permit)
    inflater.on('data', (part: Buffer) => {
      const failure = plain.append(part)
      if (failure === undefined) return
      inflater.destroy()
      plain.discard()
      resolve(err(failure))
    })
    inflater.on('end', () => {
      permit.shrink(body.length)
      resolve(ok(plain.bytes()))
    })
    inflater.on('error', ({ message }) => {
      resolve(
        err({ kind: 'malformed', message: `the body is not valid ${compression}: ${message}` }),
      )
    })
    inflater.end(body)
  })
}

/**
 * Gives the memory of a large buffer back at once: garbage is not counted by any permit. Nobody may
 * use the buffer any more.
 */
export function discard({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= MIN_DISCARDED_BYTES) buffer.transfer(0)
}

interface GrowingBuffer {
  /** Copies the bytes, unless they are the first. Returns why they are not taken. */
  append(chunk: Buffer): Failure | undefined
  bytes(): Buffer
  discard(): void
}

/**
 * One buffer instead of a list of chunks: a client may send a byte at a time, and a chunk costs
 * some hundred bytes beside its own. What is not filled yet is address space, not memory.
 */
function createGrowingBuffer(
  { maxBytes, declaredBytes }: BodyLimits,
  permit: Permit,
): GrowingBuffer {
  let buffer: Buffer = Buffer.alloc(0)
  let filled = 0

  /** Both copies are there for a moment. */
  function enlarge(neededBytes: number): boolean {
    if (!permit.grow(filled)) return false
    const isHalfThere = neededBytes * 2 >= declaredBytes
    const doubled = Math.max(neededBytes, filled * 2)
    const larger = Buffer.allocUnsafeSlow(
      isHalfThere ? Math.max(neededBytes, declaredBytes) : doubled,
    )
    buffer.copy(larger, 0, 0, filled)
    discard(buffer)
    buffer = larger
    permit.shrink(filled)
    return true
  }

  return {
    append: (chunk) => {
      const bytes = filled + chunk.length
      if (bytes > maxBytes) return tooLarge(maxBytes)
      if (!permit.grow(chunk.length)) return overloaded
      if (filled === 0) buffer = chunk
      else {
        if (bytes > buffer.length && !enlarge(bytes)) return overloaded
        chunk.copy(buffer, filled)
      }
      filled = bytes
      return undefined
    },
    bytes: () => buffer.subarray(0, filled),
    discard: () => {
      discard(buffer)
      buffer = Buffer.alloc(0)
      filled = 0
    },
  }
}
