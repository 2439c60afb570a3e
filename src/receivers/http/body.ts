/**
 * The bytes of one request, bounded while they come: by the size one request may have, and by what
 * all requests together may hold. The same over both servers.
 */
import type { Readable } from 'node:stream'
import { createGunzip, createInflate } from 'node:zlib'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Permit } from '../admission.ts'
import { evicted, type Failure, overloaded, tooLarge } from '../errors.ts'

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
const MIN_CHUNK_BYTES = 16 * 1024
const MAX_CHUNK_BYTES = 256 * 1024
/** Telemetry is compressed to a tenth. */
const LIKELY_RATIO = 16
/** The state of zlib, and of the stream around it. */
const INFLATER_BYTES = 48 * 1024
/** Smaller buffers are left to the garbage collector. */
const MIN_DISCARDED_BYTES = 16 * 1024

/** The bytes of a request. */
export interface Body {
  readonly bytes: Buffer
  /**
   * Gives the memory back at once: garbage is in no budget, and the collector does not see how much
   * hangs on a small object. The bytes may not be used any more.
   */
  readonly discard: () => void
}

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
): Promise<Result<Body, Failure>> {
  return new Promise((resolve) => {
    const body = createGrowingBuffer(limits, permit)
    let smallChunks = 0
    let isSettled = false

    const settle = (result: Result<Body, Failure>): void => {
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
    source.on('end', () => {
      if (!isSettled) settle(ok(body.take()))
    })
    source.on('error', () => settle(err(leftEarly)))
    source.on('close', () => settle(err(leftEarly)))
  })
}

/**
 * A body without its compression, for which the permit is charged instead. What a bomb unpacks to
 * is not held in memory.
 */
export async function inflated(
  body: Body,
  compression: Compression,
  maxBytes: number,
  permit: Permit,
): Promise<Result<Body, Failure>> {
  if (compression === 'none') return ok(body)
  // Each chunk takes a turn in Node's pool, and a round of the event loop.
  const likelyBytes = body.bytes.length * LIKELY_RATIO
  const chunkSize = Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, likelyBytes))
  const workBytes = chunkSize + INFLATER_BYTES
  if (!permit.growDecoding(workBytes)) return err(overloaded)
  const inflater =
    compression === 'gzip' ? createGunzip({ chunkSize }) : createInflate({ chunkSize })
  const plain = createGrowingBuffer({ maxBytes, declaredBytes: 0 }, permit)
  const result = await new Promise<Result<Body, Failure>>((resolve) => {
    inflater.on('data', (part: Buffer) => {
      const failure = plain.append(part)
      if (failure === undefined) return
      inflater.destroy()
      plain.discard()
      resolve(err(failure))
    })
    inflater.on('end', () => resolve(ok(plain.take())))
    inflater.on('error', ({ message }) => {
      resolve(
        err({ kind: 'malformed', message: `the body is not valid ${compression}: ${message}` }),
      )
    })
    inflater.end(body.bytes)
  })
  permit.shrinkDecoding(workBytes)
  // After a failure a thread of the pool may still read them.
  if (result.ok) {
    permit.shrink(body.bytes.length)
    body.discard()
  }
  return result
}

interface GrowingBuffer {
  /** Takes the chunk over. Returns why that cannot be. */
  append(chunk: Buffer): Failure | undefined
  take(): Body
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
        discard(chunk)
      }
      filled = bytes
      return undefined
    },
    take: () => ({ bytes: buffer.subarray(0, filled), discard: () => discard(buffer) }),
    discard: () => {
      discard(buffer)
      buffer = Buffer.alloc(0)
      filled = 0
    },
  }
}

/** Unless others have a part of its memory. */
function discard({ buffer, byteLength }: Buffer): void {
  const isWhole = byteLength === buffer.byteLength
  if (isWhole && byteLength >= MIN_DISCARDED_BYTES && buffer instanceof ArrayBuffer) {
    buffer.transfer(0)
  }
}
