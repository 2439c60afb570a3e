/** The requests of a run: good ones damaged, in one encoding or another, compressed or not. */
import { gzipSync } from 'node:zlib'
import { mutatedBytes } from './mutate-bytes.ts'
import { mutatedJson } from './mutate-json.ts'
import type { Random } from './random.ts'
import type { Seed, Signal } from './seeds.ts'

export type Encoding = 'json' | 'protobuf'

export interface FuzzRequest {
  /** What was done, for the report. */
  readonly label: string
  readonly signal: Signal
  /** Whether nothing was damaged: it must succeed. */
  readonly isGood: boolean
  readonly body: Buffer
  /** The encoding the answer must have. */
  readonly answerEncoding: Encoding
  readonly method: string
  readonly path: string
  readonly headers: readonly string[]
  readonly isChunked: boolean
}

const contentTypes = { json: 'application/json', protobuf: 'application/x-protobuf' } as const
const ODD_TYPES = ['text/plain', 'application/json; charset=utf-8', 'x', 'application/protobuf']
const ODD_PATHS = ['/', '/v1/profiles', '/base/v1/logs', '/v1/logs?x=1', '/%00', '/v1/logs/../../x']
const ODD_METHODS = ['GET', 'PUT', 'DELETE', 'OPTIONS']
/** A million bytes in a thousand. */
const BOMB = gzipSync(Buffer.alloc(1_000_000))
const GOOD_SHARE = 0.02

/** An undamaged request. */
export function goodRequest(seed: Seed, encoding: Encoding): FuzzRequest {
  const body = encoding === 'json' ? Buffer.from(JSON.stringify(seed.json)) : seed.protobuf
  return plain(seed, encoding, body, true)
}

/** The next request of a run. */
export function nextRequest(seeds: readonly Seed[], random: Random): FuzzRequest {
  const seed = random.pick(seeds)
  const encoding = random.pick<Encoding>(['json', 'protobuf'])
  if (random.chance(GOOD_SHARE)) return goodRequest(seed, encoding)
  const body =
    encoding === 'json' ? mutatedJson(seed.json, random) : mutatedBytes(seed.protobuf, random)
  return inDisguise(plain(seed, encoding, body, false), random)
}

function plain(seed: Seed, encoding: Encoding, body: Buffer, isGood: boolean): FuzzRequest {
  return {
    label: isGood ? `good ${encoding}` : encoding,
    signal: seed.signal,
    isGood,
    body,
    answerEncoding: encoding,
    method: 'POST',
    path: `/v1/${seed.signal}`,
    headers: [`content-type: ${contentTypes[encoding]}`],
    isChunked: false,
  }
}

/** Dresses a damaged request in compression, chunks, or what no client would send. */
function inDisguise(request: FuzzRequest, random: Random): FuzzRequest {
  const { body, label, headers } = request
  const gzip = [...headers, 'content-encoding: gzip']
  switch (random.below(14)) {
    case 0:
    case 1:
      return {
        ...request,
        label: `${label} gzip`,
        body: gzipSync(body, { level: 1 }),
        headers: gzip,
      }
    case 2:
      return { ...request, label: `${label} no gzip`, headers: gzip }
    case 3: {
      const broken = mutatedBytes(gzipSync(body, { level: 1 }), random)
      return { ...request, label: `${label} broken gzip`, body: broken, headers: gzip }
    }
    case 4:
      return random.chance(0.1)
        ? { ...request, label: `${label} gzip bomb`, body: BOMB, headers: gzip }
        : { ...request, label: `${label} chunked`, isChunked: true }
    case 5:
      return oddlyAddressed(request, random)
    default:
      return request
  }
}

function oddlyAddressed(request: FuzzRequest, random: Random): FuzzRequest {
  switch (random.below(4)) {
    case 0: {
      const type = random.pick(ODD_TYPES)
      const headers = [`content-type: ${type}`]
      return { ...request, label: 'odd type', answerEncoding: 'json', headers }
    }
    case 1:
      return { ...request, label: 'no type', answerEncoding: 'json', headers: [] }
    case 2:
      return { ...request, label: 'odd path', path: random.pick(ODD_PATHS) }
    default:
      return { ...request, label: 'odd method', method: random.pick(ODD_METHODS) }
  }
}
